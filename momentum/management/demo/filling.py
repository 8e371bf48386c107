"""An invented month written into an installation: templates, transmissions, and the event log."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

import msgspec
from django.db import connection, transaction

from momentum.lib import clock
from momentum.management.demo.mailings import DESIGNS, Design, Mailing, planned
from momentum.management.demo.people import Person, invented
from momentum.management.demo.story import Sending, Teller, as_recipient
from reports import rollups
from tracking import classify, configuration, log
from tracking.events import Event, EventType
from transmissions import numbers
from transmissions.actions import templates
from transmissions.chunks import packed
from transmissions.models import Chunk, Snapshot, Template, Transmission
from transmissions.stored_content import stored_as_content
from transmissions.values import Job

# Events of a transaction; rollups follow one while the next is invented.
_BATCH = 10_000


@dataclass(slots=True)
class Tally:
    """What was invented: events by type, and mailings."""

    events: Counter[EventType] = field(default_factory=Counter)
    mailings: int = 0

    def count(self, events: Sequence[Event]) -> None:
        self.events.update(event.type for event in events)


def has_mail() -> bool:
    """Whether this installation has ever sent anything."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM tracking_event)")
        return bool(cursor.fetchone()[0]) or Transmission.objects.exists()


def fill(seed: int, days: int, recipients: int, progress: Callable[[Tally], object] = lambda _: None) -> Tally:
    """Invent `days` days of mail to so many people, ending now; the same for the same seed and moment."""
    now = clock.now()
    first = (now - timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)
    log.ensure_partitions(first.date(), now.date())
    chance = random.Random(seed)  # noqa: S311 (an invention, no secret)
    people = invented(recipients, chance)
    chance.shuffle(people)
    rules, tally = classify.load(), Tally()
    for key in DESIGNS:
        _keep_template(DESIGNS[key], first)
    for mailing in planned(first, now, chance):
        chosen = _chosen(mailing, people)
        if not chosen or mailing.at >= now:
            continue
        sending = _begin(mailing, chosen, now)
        for batch in _batches(Teller(sending, now, rules, chance).messages()):
            with transaction.atomic():
                log.append(batch)
            tally.count(batch)
        tally.mailings += 1
        progress(tally)
        rollups.advance()
    rollups.catch_up()
    return tally


def _chosen(mailing: Mailing, people: Sequence[Person]) -> list[Person]:
    """A run of the shuffled people that goes on at their beginning."""
    begin, count = int(mailing.begins * len(people)), round(mailing.share * len(people))
    return [people[(begin + index) % len(people)] for index in range(count)]


def _batches(messages: Iterator[list[Event]]) -> Iterator[list[Event]]:
    batch: list[Event] = []
    for events in messages:
        batch += events
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _keep_template(design: Design, created: datetime) -> None:
    if Template.objects.filter(key=design.key).exists():
        return
    templates.create({"id": design.key, "name": design.name, "published": True, "content": design.content})
    Template.objects.filter(key=design.key).update(created_at=created)


def _begin(mailing: Mailing, people: Sequence[Person], now: datetime) -> Sending:
    """The rows of a transmission that is over, and the numbers of its messages."""
    template = Template.objects.get(key=mailing.design.key)
    version = template.versions.get(is_draft=False)
    first_number = numbers.reserve(len(people))
    block_time = int(mailing.at.timestamp())
    ended = min(mailing.at + timedelta(minutes=mailing.minutes), now)
    transmission = Transmission(
        id=_transmission_id(mailing.at, first_number),
        state=Transmission.State.SUCCESS,
        campaign_id=mailing.campaign,
        description=f"Demo: {mailing.design.name}",
        template_id=template.key,
        num_rcpts=len(people),
        block_time=block_time,
        created_at=mailing.at - timedelta(minutes=10),
        start_at=mailing.at,
        generation_started_at=mailing.at,
        generation_ended_at=ended,
    )
    job = Job(
        transmission_id=transmission.id,
        content=stored_as_content(version.content),
        campaign_id=mailing.campaign,
        template_id=template.key,
        template_version=version.number,
        metadata={"mailing": mailing.design.key},
        transactional=mailing.transactional,
    )
    with transaction.atomic():
        transmission.save(force_insert=True)
        Snapshot.objects.create(
            transmission=transmission,
            job=msgspec.json.encode(job).decode(),
            configuration=asdict(configuration.current()),
        )
        number = first_number
        for position, (size, recipients) in enumerate(packed(map(as_recipient, people))):
            Chunk.objects.create(
                transmission=transmission,
                position=position,
                size=size,
                first_number=number,
                recipients=recipients,
                due_at=mailing.at,
                sent_at=mailing.at,
                done_at=ended,
                num_generated=size,
            )
            number += size
    return Sending(mailing, job, first_number, block_time, people)


def _transmission_id(at: datetime, first_number: int) -> int:
    """As momentum.lib.ids makes them for that moment; message numbers keep those of one moment apart."""
    since_2020_ms = int(at.timestamp() * 1000) - 1_577_836_800_000
    return (since_2020_ms << 22) | (first_number & 0x3FFFFF)
