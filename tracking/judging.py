"""From entries of the stream to events and named refusals: what the recorder decides, before it stores anything."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from momentum.lib import clock
from tracking import agents
from tracking.bursts import Bursts
from tracking.classify import Rules, Signals, Verdict, classify
from tracking.enrichment import NOTHING, Known
from tracking.events import Event
from tracking.hit_events import OpenedHit, events_of, types_of
from tracking.hits import Hit
from tracking.key_watch import Keys
from tracking.options import Configuration
from tracking.personal import NO_WISH, Keeping, Wish, respecting
from tracking.places import Places
from tracking.stream import UnreadableError, hit_frame, hit_frames, read_hit
from tracking.tokens import CLICK_KINDS, BadToken, LinkPart, MessagePart, open_token

# A hit may arrive before the message it belongs to has been settled: so long it waits for its enrichment,
# provided that the message is so young.
WAIT_FOR_MESSAGE_S = 1.0
YOUNG_MESSAGE_S = 300.0


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
    """What is to be stored of some entries; `early` are those that should wait a moment for their messages."""

    done: list[bytes] = field(default_factory=list)
    early: list[Entry] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    dead: list[DeadLetter] = field(default_factory=list)
    refused: Counter[Unrecorded] = field(default_factory=Counter)


Opened = tuple[Hit, MessagePart, LinkPart]


@dataclass(slots=True)
class Judge:
    """Holds what judging needs: the keys, the rules, and the memory of bursts.

    `known_of` is Enrichment.of; `wishes_of` tells what people have asked for (tracking.wishes.of).
    """

    keyring: Keys
    rules: Rules
    places: Places
    known_of: Callable[[Iterable[MessagePart]], dict[int, Known]]
    bursts: Bursts
    keeping: Keeping
    wishes_of: Callable[[Iterable[str]], dict[str, Wish]]

    def judge(self, entries: list[Entry], configuration: Configuration) -> Judgement:
        """Decide on all entries at once: a burst shows only in all of its hits."""
        judgement = Judgement()
        opened = {entry.id: self._open(entry, judgement) for entry in entries}
        known = self.known_of(message for hits in opened.values() for _, message, _ in hits)
        for entry in entries:
            if any(_is_early(hit, message, known) for hit, message, _ in opened[entry.id]):
                judgement.early.append(entry)
                opened.pop(entry.id)
        for hit, message, link in (one for hits in opened.values() for one in hits):
            if link.kind in CLICK_KINDS:
                self.bursts.add(
                    message.message, hit.at_ms / 1000, f"{link.part} {link.position}", hit.address, link.unsubscribe
                )
        wishes = self.wishes_of(message.rcpt_to.lower() for hits in opened.values() for _, message, _ in hits)
        for entry_id, hits in opened.items():
            for one in hits:
                try:
                    self._record(one, known, wishes, configuration, judgement)
                except Exception as problem:  # noqa: BLE001 (one odd hit must not stop all that come after it)
                    frame = hit_frame(self.keeping.reduced(one[0]))
                    judgement.dead.append(DeadLetter(entry_id, frame, f"{type(problem).__name__}: {problem}"))
            judgement.done.append(entry_id)
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
            token = open_token(self.keyring.current, hit.message_part, hit.link_part)
            if isinstance(token, BadToken):
                frame = hit_frame(self.keeping.reduced(hit))
                judgement.dead.append(DeadLetter(entry.id, frame, f"the token does not open: {token.reason}"))
            else:
                opened.append((hit, *token))
        return opened

    def _record(
        self,
        one: Opened,
        known: dict[int, Known],
        wishes: dict[str, Wish],
        configuration: Configuration,
        judgement: Judgement,
    ) -> None:
        hit, message, link = one
        if hit.at_ms / 1000 > message.sent_at + configuration.tracking_link_expiry:
            judgement.refused[Unrecorded.EXPIRED] += 1
            return
        verdict = self._verdict(hit, message, link)
        types = types_of(link, verdict, configuration.click_tracking)
        if link.kind in CLICK_KINDS and not configuration.click_tracking:
            judgement.refused[Unrecorded.SWITCHED_OFF] += 1
        # The whole address says where the reader was and what stood behind a burst; what is stored may be less.
        stored = self.keeping.reduced(hit)
        opened = OpenedHit(
            *(stored, message, link, verdict, agents.parsed(hit.user_agent), self.places.of(hit.address)),
            known.get(message.message, NOTHING),
        )
        wish = wishes.get(message.rcpt_to.lower(), NO_WISH)
        judgement.events += (respecting(event, wish, message.block_time) for event in events_of(opened, types))

    def _verdict(self, hit: Hit, message: MessagePart, link: LinkPart) -> Verdict:
        is_click = link.kind in CLICK_KINDS
        seen = self.bursts.around(message.message, hit.at_ms / 1000) if is_click else None
        signals = Signals(
            is_click=is_click,
            user_agent=hit.user_agent,
            prefetch_header=hit.prefetch,
            since_sent_s=hit.at_ms / 1000 - message.sent_at,
            links=seen.links if seen else 0,
            networks=seen.networks if seen else 0,
            unsubscribed_too=seen.unsubscribed_too if seen else False,
        )
        return classify(signals, self.rules)


def _is_early(hit: Hit, message: MessagePart, known: dict[int, Known]) -> bool:
    at_s = hit.at_ms / 1000
    return (
        message.message not in known
        and at_s - message.sent_at < YOUNG_MESSAGE_S
        and clock.now().timestamp() - at_s < WAIT_FOR_MESSAGE_S
    )
