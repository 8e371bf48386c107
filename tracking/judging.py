"""From entries of the stream to events and named refusals: what the recorder decides, before it stores anything."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from momentum.lib import clock
from tracking import agents, signs
from tracking.classify import Rules, Verdict
from tracking.enrichment import NOTHING, Known
from tracking.events import Event, EventType
from tracking.hit_events import OpenedHit, event_of, link_of, unsubscribes
from tracking.hits import Hit
from tracking.keys import Keyring
from tracking.options import Configuration
from tracking.places import Places
from tracking.signs import Seen
from tracking.stream import UnreadableError, hit_frame, hit_frames, read_hit
from tracking.tokens import CLICK_KINDS, BadToken, LinkPart, MessagePart, open_token

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

    `held` are unsubscriptions that are put off until it shows whether a machine asked for them.
    """

    done: list[bytes] = field(default_factory=list)
    early: list[Entry] = field(default_factory=list)
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
        after_head = {id(one): self._after_head(one) for _, one in there}
        verdicts = self._verdicts([one for _, one in there], after_head)
        for entry_id, one in there:
            try:
                self._record(one, verdicts[id(one)], after_head[id(one)], known, configuration, judgement)
            except Exception as problem:  # noqa: BLE001 (one odd hit must not stop all that come after it)
                judgement.dead.append(
                    DeadLetter(entry_id, hit_frame(one[0]), f"{type(problem).__name__}: {problem}")
                )
        judgement.done += [entry.id for entry in entries if entry.id not in held_back]
        return judgement

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
        if hit.head:
            return
        if hit.at_ms / 1000 > message.sent_at + configuration.tracking_link_expiry:
            judgement.refused[Unrecorded.EXPIRED] += 1
            return
        opened_hit = OpenedHit(
            *(hit, message, link, verdict, agents.parsed(hit.user_agent), self.places.of(hit.address)),
            *(known.get(message.message, NOTHING), after_head),
        )
        if link.kind in CLICK_KINDS and not configuration.click_tracking:
            judgement.refused[Unrecorded.SWITCHED_OFF] += 1
        else:
            judgement.events.append(event_of(opened_hit))
        if unsubscribes(link, verdict):
            judgement.held.append(event_of(opened_hit, EventType.LINK_UNSUBSCRIBE))

    def _verdicts(self, opened: list[Opened], after_head: dict[int, bool]) -> dict[int, Verdict]:
        """By identity; hits of one message are judged together, a burst shows only in all of them."""
        by_message: dict[int, list[Opened]] = {}
        for one in opened:
            if not one[0].head:
                by_message.setdefault(one[1].message, []).append(one)
        found: dict[int, Verdict] = {}
        for ones in by_message.values():
            seen = [seen_of(*one, after_head[id(one)]) for one in ones]
            found |= zip(map(id, ones), signs.verdicts(seen, self.rules), strict=True)
        return found

    def _after_head(self, one: Opened) -> bool:
        """Whether the same client asked this recorder for the link's headers alone, shortly before."""
        hit, message, _ = one
        if not (hit.head or self._heads):
            return False
        key = (message.message, hit.link_part, hit.address, hit.user_agent)
        if hit.head:
            self._heads[key] = hit.at_ms
            if len(self._heads) > _HEADS_KEPT:
                self._heads.pop(next(iter(self._heads)))
            return False
        asked_at = self._heads.get(key)
        rule = self.rules.signs.get("after_head")
        return asked_at is not None and rule is not None and 0 <= hit.at_ms - asked_at <= rule.within_s * 1000


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
