"""One mailing told as the events that the pipeline and the recorder would have written."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

import msgspec

from momentum.lib import ids
from momentum.management.demo import delivering, reading
from momentum.management.demo.mailings import Mailing
from momentum.management.demo.people import Person
from momentum.management.demo.reading import Sealed, Touch
from tracking import agents, enrichment, signs
from tracking.classify import Rules
from tracking.events import Event, EventType
from tracking.hit_events import OpenedHit, event_of, unsubscribes
from tracking.hits import Hit
from tracking.judging import seen_of
from tracking.tokens import Kind, LinkPart, MessagePart
from transmissions.generation import Generated
from transmissions.generation.metadata import merged
from transmissions.generation.tracking import Tracking
from transmissions.language import Scope, compile_part
from transmissions.pipeline import events as pipeline_events
from transmissions.pipeline.work import Attempt, Settled
from transmissions.values import Job, Recipient

_FLAGS = Tracking(open=True, click=True, initial_open=True)
_DATA_CENTRE = {"country": "US", "region": "VA", "city": "Ashburn", "latitude": 39.04, "longitude": -77.49}
_DOMAIN = "lumen-garden.example"
# What headers, tracked URLs and pixels add to the parts, in bytes.
_AROUND = 2400


@dataclass(frozen=True, slots=True)
class Sending:
    """A mailing on its way: its job, and where its message numbers begin."""

    mailing: Mailing
    job: Job
    first_number: int
    block_time: int
    recipients: Sequence[Person]


def as_recipient(person: Person) -> Recipient:
    """The person as one of a transmission's recipients."""
    return Recipient(
        email=person.email,
        name=person.first_name,
        tags=(person.plan,),
        metadata={"customer": f"c-{person.number:05}", "plan": person.plan},
        substitution_data={"first_name": person.first_name},
    )


class Teller:
    """Tells one mailing. `now` is where the story ends: what would come later is not told."""

    def __init__(self, sending: Sending, now: datetime, rules: Rules, chance: random.Random) -> None:
        self._sending, self._now, self._rules, self._chance = sending, now, rules, chance
        self._sealed = _sealed(sending.job)
        self._subject = compile_part("Header:Subject", sending.job.content.subject or "")
        self._size = _AROUND + len((sending.job.content.html or "") + (sending.job.content.text or ""))

    def messages(self) -> Iterator[list[Event]]:
        """The events of each message; one that has not gone out yet has none."""
        sending = self._sending
        step = timedelta(minutes=sending.mailing.minutes) / len(sending.recipients)
        for index, person in enumerate(sending.recipients):
            sent = sending.mailing.at + (index + self._chance.random()) * step
            if sent < self._now:
                yield self._message(sending.first_number + index, person, sent)

    def _message(self, number: int, person: Person, sent: datetime) -> list[Event]:
        recipient = as_recipient(person)
        generated = self._generated(number, recipient)
        own = self._own_events(person, Attempt(number, 0, recipient, generated, sent))
        if not own or own[-1].type is not EventType.DELIVERY:
            return own
        delivered = own[-1]
        back = delivering.returned_later(delivered.happened_at, self._chance)
        if back is not None:
            return [*own, _sent_back(delivered, *back)] if back[0] < self._now else own
        part = MessagePart(
            *(self._sending.job.transmission_id, number, self._sending.block_time, int(sent.timestamp())),
            *(person.email, recipient.tags, generated.rcpt_meta, _FLAGS.sent_with),
        )
        appeal = self._sending.mailing.design.appeal
        touches = reading.touches(person, self._sealed, appeal, delivered.happened_at, self._chance)
        return own + self._of_touches([touch for touch in touches if touch.at < self._now], person, part, own)

    def _generated(self, number: int, recipient: Recipient) -> Generated:
        scope = Scope(recipient_data=recipient.substitution_data, email=recipient.email)
        return Generated(
            number=number,
            envelope_from=f"bounce@{_DOMAIN}",
            envelope_to=recipient.email,
            data=_bytes(self._size + len(recipient.name)),
            subject="".join(self._subject.render(scope)),
            friendly_from=f"news@{_DOMAIN}",
            sending_domain=_DOMAIN,
            flags=_FLAGS,
            rcpt_meta=merged(recipient.metadata, self._sending.job.metadata),
        )

    def _own_events(self, person: Person, first: Attempt) -> list[Event]:
        outcomes = delivering.attempts(person, first.injected_at, self._now, self._chance)
        return [
            # The provider is that of the domain that the invented one stands for.
            replace(event, mailbox_provider=person.provider.name, mailbox_provider_region=person.provider.region)
            for failed, outcome in enumerate(outcomes)
            for event in pipeline_events.of_settled(
                Settled(self._sending.job, self._sending.block_time, replace(first, attempts=failed), outcome)
            )
        ]

    def _of_touches(
        self, touches: Sequence[Touch], person: Person, part: MessagePart, own: Sequence[Event]
    ) -> list[Event]:
        known = enrichment.known_from(own)
        hits = [self._hit(touch) for touch in touches]
        # In the end every hit is judged in the company of all others of its message (docs/tracking.md).
        seen = [seen_of(hit, part, touch.link) for hit, touch in zip(hits, touches, strict=True)]
        told: list[Event] = []
        for touch, hit, verdict in zip(touches, hits, signs.verdicts(seen, self._rules), strict=True):
            place = person.place if touch.is_at_home and not verdict.is_proxy else _DATA_CENTRE
            opened = OpenedHit(hit, part, touch.link, verdict, agents.parsed(touch.agent), place, known)
            told.append(event_of(opened))
            if unsubscribes(touch.link, verdict):
                told.append(event_of(opened, EventType.LINK_UNSUBSCRIBE))
        return told

    def _hit(self, touch: Touch) -> Hit:
        at_ms = int(touch.at.timestamp() * 1000)
        return Hit(_event_id(at_ms, self._chance), at_ms, "", "", touch.address, touch.agent)


def _sent_back(delivered: Event, at: datetime, reply: str, bounce_class: int) -> Event:
    return replace(
        delivered,
        event_id=ids.message_event_id(delivered.message, EventType.OUT_OF_BAND, 0),
        type=EventType.OUT_OF_BAND,
        happened_at=at,
        reason=delivering.masked(reply),
        bounce_class=bounce_class,
        data={**delivered.data, "raw_reason": reply, "error_code": reply[:3]},
    )


def _event_id(milliseconds: int, chance: random.Random) -> bytes:
    """As momentum.lib.ids.hit_event_id makes them, but the same for the same chance."""
    value = milliseconds << 80 | 0x7 << 76 | chance.getrandbits(12) << 64 | 0b10 << 62 | chance.getrandbits(62)
    return UUID(int=value).bytes


def _sealed(job: Job) -> Sealed:
    pixel = LinkPart(
        Kind.OPEN,
        job.transmission_id,
        campaign_id=job.campaign_id,
        template_id=job.template_id,
        template_version=job.template_version,
        sending_domain=_DOMAIN,
    )

    def links(part: str, source: str) -> tuple[LinkPart, ...]:
        return tuple(
            msgspec.structs.replace(
                pixel,
                kind=Kind.CLICK,
                url=site.target or "",
                name=site.name or "",
                label=site.name or site.label,
                position=site.position,
                part=part,
                unsubscribe=site.unsubscribe,
            )
            for site in compile_part(part, source).links
        )

    return Sealed(
        pixels=(msgspec.structs.replace(pixel, kind=Kind.INITIAL_OPEN), pixel),
        html=links("html", job.content.html or ""),
        text=links("text", job.content.text or ""),
        unsubscribe=msgspec.structs.replace(pixel, kind=Kind.LIST_UNSUBSCRIBE),
    )


@lru_cache(maxsize=64)
def _bytes(size: int) -> bytes:
    """Only the length of an invented message matters."""
    return bytes(size)
