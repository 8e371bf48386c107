"""From entries of the stream to events and named refusals: what the recorder decides, before it stores anything."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from momentum.lib import clock
from tracking import agents, signs
from tracking.classify import Rules, Verdict, plain_verdict
from tracking.enrichment import NOTHING, Known
from tracking.events import Event, EventType
from tracking.hit_events import OpenedHit, event_of, link_of, unsubscribes
from tracking.hit_lines import Lines
from tracking.hits import Hit
from tracking.keys import Keyring
from tracking.options import Configuration
from tracking.places import Places
from tracking.signs import Seen
from tracking.stream import UnreadableError, hit_frame, hit_frames, read_hit
from tracking.tokens import CLICK_KINDS, BadToken, Kind, LinkPart, MessagePart, open_token

# A hit may arrive before the message it belongs to has been settled: so long it waits for its enrichment,
# provided that the message is so young.
WAIT_FOR_MESSAGE_S = 1.0
YOUNG_MESSAGE_S = 300.0
_HEADS_KEPT = 10_000


class Unrecorded(StrEnum):
    """Why a hit makes no event, although its link is genuine (docs/states.md, n)."""

    EXPIRED = "expired"  # the link is older than tracking_link_expiry
    SWITCHED_OFF = "switched_off"  # the account's click_tracking is off


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the stream, as it was read."""

    id: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What could not be read, and why."""

    entry: bytes
    value: bytes
    reason: str


@dataclass(slots=True)
class Judgement:
    """What is to be stored of some entries; `early` are those that should wait a moment for their messages.

    `lines` are events by hit and line (tracking.hit_lines), `events` the few others; `held` are unsubscriptions
    that are put off until it shows whether a machine asked for them.
    """

    done: list[bytes] = field(default_factory=list)
    early: list[Entry] = field(default_factory=list)
    lines: list[tuple[bytes, str]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    held: list[Event] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    refused: Counter[Unrecorded] = field(default_factory=Counter)


Opened = tuple[Hit, MessagePart, LinkPart]


@dataclass(slots=True)
class Judge:
    """Holds what judging needs: keys, rules, links asked for by HEAD. `known_of` is Enrichment.of."""

    keyring: Keyring
    rules: Rules
    places: Places
    known_of: Callable[[Iterable[MessagePart]], dict[int, Known]]
    lines: Lines = field(default_factory=Lines)
    _heads: dict[tuple[int, str, str, str], int] = field(default_factory=dict)

    def judge(self, entries: list[Entry], configuration: Configuration) -> Judgement:
        """Decide on all entries at once: a burst shows only in all of its hits."""
        judgement = Judgement()
        opened = {entry.id: self._open(entry, judgement) for entry in entries}
        known = self.known_of(message for hits in opened.values() for _, message, _ in hits)
        for entry in entries:
            if any(_is_early(hit, message, known) for hit, message, _ in opened[entry.id]):
                judgement.early.append(entry)
        held_back = {entry.id for entry in judgement.early}
        there = [(entry.id, one) for entry in entries if entry.id not in held_back for one in opened[entry.id]]
        self._note_heads(one for _, one in there)
        alone, together = _by_company(there)
        for entry_id, one in alone:
            self._guarded(entry_id, [one], known, configuration, judgement)
        for members in together:
            self._guarded(members[0][0], [one for _, one in members], known, configuration, judgement)
        judgement.done += [entry.id for entry in entries if entry.id not in held_back]
        return judgement

    def _guarded(
        self,
        entry_id: bytes,
        hits: list[Opened],
        known: dict[int, Known],
        configuration: Configuration,
        judgement: Judgement,
    ) -> None:
        """Decide on the hits of one message; odd ones must not stop all that come after them."""
        try:
            after_head = [self._is_after_head(one) for one in hits]
            verdicts = self._verdicts(hits, after_head)
        except Exception as problem:  # noqa: BLE001
            judgement.dead += [_odd(entry_id, one, problem) for one in hits]
            return
        for one, verdict, is_after in zip(hits, verdicts, after_head, strict=True):
            try:
                self._record(one, verdict, is_after, known, configuration, judgement)
            except Exception as problem:  # noqa: BLE001
                judgement.dead.append(_odd(entry_id, one, problem))

    def _open(self, entry: Entry, judgement: Judgement) -> list[Opened]:
        """The readable hits of an entry; the others become dead letters."""
        opened: list[Opened] = []
        try:
            frames = hit_frames(entry.value)
        except UnreadableError as problem:
            judgement.dead.append(DeadLetter(entry.id, entry.value, str(problem)))
            return opened
        for frame in frames:
            try:
                hit = read_hit(frame)
            except UnreadableError as problem:
                judgement.dead.append(DeadLetter(entry.id, frame, str(problem)))
                continue
            token = open_token(self.keyring, hit.message_part, hit.link_part)
            if isinstance(token, BadToken):
                judgement.dead.append(DeadLetter(entry.id, frame, f"the token does not open: {token.reason}"))
            else:
                opened.append((hit, *token))
        return opened

    def _record(
        self,
        one: Opened,
        verdict: Verdict,
        after_head: bool,
        known: dict[int, Known],
        configuration: Configuration,
        judgement: Judgement,
    ) -> None:
        hit, message, link = one
        if hit.at_ms / 1000 > message.sent_at + configuration.tracking_link_expiry:
            judgement.refused[Unrecorded.EXPIRED] += 1
            return
        found, place = known.get(message.message, NOTHING), self.places.of(hit.address)
        is_click = link.kind in CLICK_KINDS
        if is_click and not configuration.click_tracking:
            judgement.refused[Unrecorded.SWITCHED_OFF] += 1
        elif link.kind is not Kind.LIST_UNSUBSCRIBE:
            line = self.lines.line(hit, message, link, verdict, place, found, after_head)
            judgement.lines.append((hit.event_id, line))
        if not (link.kind is Kind.LIST_UNSUBSCRIBE or (is_click and link.unsubscribe)):
            return
        opened = OpenedHit(*(hit, message, link, verdict, agents.parsed(hit.user_agent), place, found, after_head))
        if link.kind is Kind.LIST_UNSUBSCRIBE:
            judgement.events.append(event_of(opened))
        elif unsubscribes(link, verdict):
            judgement.held.append(event_of(opened, EventType.LINK_UNSUBSCRIBE))

    def _verdicts(self, hits: list[Opened], after_head: list[bool]) -> list[Verdict]:
        """Hits of one message are judged together: a burst shows only in all of them."""
        if len(hits) == 1 and not after_head[0]:
            hit, message, _ = hits[0]
            since_sent_s = hit.at_ms / 1000 - message.sent_at
            # Most hits are this: nothing about their time or their company says anything.
            if since_sent_s >= self.rules.early_s:
                return [plain_verdict(hit.user_agent, hit.prefetch, self.rules)]
        return signs.verdicts(
            [seen_of(*one, is_after) for one, is_after in zip(hits, after_head, strict=True)], self.rules
        )

    def _note_heads(self, hits: Iterable[Opened]) -> None:
        for hit, message, _ in hits:
            if hit.head:
                self._heads[message.message, hit.link_part, hit.address, hit.user_agent] = hit.at_ms
                if len(self._heads) > _HEADS_KEPT:
                    self._heads.pop(next(iter(self._heads)))

    def _is_after_head(self, one: Opened) -> bool:
        """Whether the same client asked this recorder for the link's headers alone, shortly before."""
        if not self._heads:
            return False
        hit, message, _ = one
        asked_at = self._heads.get((message.message, hit.link_part, hit.address, hit.user_agent))
        rule = self.rules.signs.get("after_head")
        return asked_at is not None and rule is not None and 0 <= hit.at_ms - asked_at <= rule.within_s * 1000


_Pending = tuple[bytes, Opened]


def _by_company(there: list[_Pending]) -> tuple[list[_Pending], list[list[_Pending]]]:
    """The hits that are the only one of their message, and the others by message; without requests for headers."""
    by_message: dict[int, list[_Pending]] = {}
    for pending in there:
        if not pending[1][0].head:
            by_message.setdefault(pending[1][1].message, []).append(pending)
    alone = [group[0] for group in by_message.values() if len(group) == 1]
    return alone, [group for group in by_message.values() if len(group) > 1]


def _odd(entry_id: bytes, one: Opened, problem: Exception) -> DeadLetter:
    return DeadLetter(entry_id, hit_frame(one[0]), f"{type(problem).__name__}: {problem}")


def seen_of(hit: Hit, message: MessagePart, link: LinkPart, after_head: bool = False) -> Seen:
    """What classification looks at of a hit."""
    is_click = link.kind in CLICK_KINDS
    return Seen(
        *(hit.at_ms / 1000, is_click, link_of(link) if is_click else "", hit.address, hit.user_agent),
        *((hit.at_ms - message.sent_at * 1000) / 1000, link.unsubscribe, hit.prefetch, after_head),
    )


def _is_early(hit: Hit, message: MessagePart, known: dict[int, Known]) -> bool:
    at_s = hit.at_ms / 1000
    return (
        message.message not in known
        and at_s - message.sent_at < YOUNG_MESSAGE_S
        and clock.now().timestamp() - at_s < WAIT_FOR_MESSAGE_S
    )
