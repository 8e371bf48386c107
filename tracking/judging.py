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
from tracking.key_watch import Keys
from tracking.options import Configuration
from tracking.personal import NO_WISH, Keeping, Wish, respecting
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
# With the id of its entry.
_Pending = tuple[bytes, Opened]


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is the same for all hits that are judged at once."""

    known: dict[int, Known]
    wishes: dict[str, Wish]
    configuration: Configuration
    judgement: Judgement


@dataclass(slots=True)
class Judge:
    """Holds what judging needs: keys, rules, and which links were asked for by HEAD.

    `known_of` is Enrichment.of; `wishes_of` tells what people have asked for (tracking.wishes.of).
    """

    keyring: Keys
    rules: Rules
    places: Places
    known_of: Callable[[Iterable[MessagePart]], dict[int, Known]]
    keeping: Keeping
    wishes_of: Callable[[Iterable[str]], dict[str, Wish]]
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
        wishes = self.wishes_of(one[1].rcpt_to.lower() for _, one in there)
        batch = _Batch(known, wishes, configuration, judgement)
        for group in _by_message(there):
            self._guarded(group, batch)
        judgement.done += [entry.id for entry in entries if entry.id not in held_back]
        return judgement

    def _guarded(self, group: list[_Pending], batch: _Batch) -> None:
        """Decide on the hits of one message; odd ones must not stop all that come after them."""
        hits = [one for _, one in group]
        try:
            after_head = [self._is_after_head(one) for one in hits]
            verdicts = self._verdicts(hits, after_head)
        except Exception as problem:  # noqa: BLE001
            batch.judgement.dead += [self._odd(pending, problem) for pending in group]
            return
        for pending, verdict, is_after in zip(group, verdicts, after_head, strict=True):
            try:
                self._record(pending[1], verdict, is_after, batch)
            except Exception as problem:  # noqa: BLE001
                batch.judgement.dead.append(self._odd(pending, problem))

    def _odd(self, pending: _Pending, problem: Exception) -> DeadLetter:
        entry_id, (hit, _, _) = pending
        return DeadLetter(entry_id, hit_frame(self.keeping.reduced(hit)), f"{type(problem).__name__}: {problem}")

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
            token = open_token(self.keyring.current, hit.message_part, hit.link_part)
            if isinstance(token, BadToken):
                frame = hit_frame(self.keeping.reduced(hit))
                judgement.dead.append(DeadLetter(entry.id, frame, f"the token does not open: {token.reason}"))
            else:
                opened.append((hit, *token))
        return opened

    def _record(self, one: Opened, verdict: Verdict, after_head: bool, batch: _Batch) -> None:
        hit, message, link = one
        judgement, configuration = batch.judgement, batch.configuration
        if hit.at_ms / 1000 > message.sent_at + configuration.tracking_link_expiry:
            judgement.refused[Unrecorded.EXPIRED] += 1
            return
        found, place = batch.known.get(message.message, NOTHING), self.places.of(hit.address)
        # The whole address says where the reader was and what stood behind a burst; what is stored may be less.
        stored = self.keeping.reduced(hit)
        wish = batch.wishes.get(message.rcpt_to.lower(), NO_WISH) if batch.wishes else NO_WISH
        is_click, is_one_click = link.kind in CLICK_KINDS, link.kind is Kind.LIST_UNSUBSCRIBE
        is_settled = is_click and not configuration.click_tracking
        if is_settled:
            judgement.refused[Unrecorded.SWITCHED_OFF] += 1
        elif wish is NO_WISH and not is_one_click:
            line = self.lines.line(stored, message, link, verdict, place, found, after_head, hit.user_agent)
            judgement.lines.append((hit.event_id, line))
            is_settled = True
        if is_settled and not link.unsubscribe:
            return
        opened = OpenedHit(
            *(stored, message, link, verdict, agents.parsed(hit.user_agent), place, found, after_head)
        )
        if not is_settled:
            judgement.events.append(respecting(event_of(opened), wish, message.block_time))
        if unsubscribes(link, verdict):
            event = event_of(opened, EventType.LINK_UNSUBSCRIBE)
            judgement.held.append(respecting(event, wish, message.block_time))

    def _verdicts(self, hits: list[Opened], after_head: list[bool]) -> list[Verdict]:
        """Hits of one message are judged together: a burst shows only in all of them."""
        if len(hits) == 1 and not after_head[0]:
            hit, message, _ = hits[0]
            # Most hits are this: nothing about their time or their company says anything.
            if hit.at_ms / 1000 - message.sent_at >= self.rules.early_s:
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


def _by_message(there: list[_Pending]) -> Iterable[list[_Pending]]:
    """The hits of each message, without requests for headers alone."""
    by_message: dict[int, list[_Pending]] = {}
    for pending in there:
        if not pending[1][0].head:
            by_message.setdefault(pending[1][1].message, []).append(pending)
    return by_message.values()


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
