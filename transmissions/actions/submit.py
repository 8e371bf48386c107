"""Accept a transmission: everything is stored before the answer, nothing is generated (DESIGN §3.1)."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
from django.db import transaction

from momentum.lib import clock
from momentum.lib.errors import ApiError, Fault, fault
from momentum.lib.ids import new_transmission_id
from tracking import configuration
from tracking.options import Configuration
from transmissions import hints, numbers
from transmissions.chunks import packed
from transmissions.content import TemplateReference
from transmissions.generation import check_content
from transmissions.models import Chunk, Snapshot, Transmission
from transmissions.reading import Faults
from transmissions.recipients import Refused
from transmissions.request import Submission, read_submission
from transmissions.values import Content, Job, Recipient


@dataclass(slots=True)
class Intake:
    """The recipients of one request, sorted into accepted and refused while they are read."""

    source: Iterator[Recipient | Refused]
    keep_errors: int | None
    accepted: int = 0
    rejected: int = 0
    errors: list[Fault] = field(default_factory=list)

    def __iter__(self) -> Iterator[Recipient]:
        for recipient in self.source:
            if isinstance(recipient, Refused):
                self.rejected += 1
                if self.keep_errors is None or len(self.errors) < self.keep_errors:
                    self.errors.append(recipient.fault)
            else:
                self.accepted += 1
                yield recipient


@dataclass(frozen=True, slots=True)
class Accepted:
    """The counts and the id that the answer carries (contract 10 §4.4)."""

    transmission_id: int
    accepted: int
    rejected: int
    errors: list[Fault]


def submit(body: bytes, *, num_rcpt_errors: int | None = None, check_syntax: bool = True) -> Accepted:
    """Store the transmission that a request body asks for and have it generated.

    `num_rcpt_errors` from the query wins over the body's. With `check_syntax` False, faults of the template
    language show as generation failures instead of a refusal (contract 10 §8).

    Raises ApiError: nothing has been stored then.
    """
    settings = configuration.current()
    submission = read_submission(body, timedelta(seconds=settings.start_time_max_schedule_interval))
    content = _resolve(submission)
    if check_syntax:
        faults = Faults()
        faults.extend(check_content(content))
        faults.raise_if_any()
    keep = submission.num_rcpt_errors if num_rcpt_errors is None else num_rcpt_errors
    intake = Intake(submission.recipients, keep)
    chunks = list(packed(intake))
    if not intake.accepted:
        raise _nobody(intake)
    transmission = _store(submission, content, settings, intake, chunks)
    return Accepted(transmission.id, intake.accepted, intake.rejected, intake.errors)


def _resolve(submission: Submission) -> Content:
    """The content itself; stored templates and lists come with a later version: none exists to be named."""
    faults = Faults()
    if isinstance(submission.content, TemplateReference):
        faults.add("1603", f"template '{submission.content.template_id}' does not exist")
    if submission.list_id is not None:
        faults.add("1603", f"List '{submission.list_id}' does not exist")
    faults.raise_if_any()
    assert isinstance(submission.content, Content)
    return submission.content


def _nobody(intake: Intake) -> ApiError:
    results = {
        "rcpt_to_errors": [refused.as_json() for refused in intake.errors],
        "total_rejected_recipients": intake.rejected,
        "total_accepted_recipients": 0,
    }
    return ApiError(400, fault("5002"), results=results)


def _store(
    submission: Submission,
    content: Content,
    settings: Configuration,
    intake: Intake,
    chunks: list[tuple[int, bytes]],
) -> Transmission:
    now = clock.now()
    first_number = numbers.reserve(intake.accepted)
    start = submission.options.start_at
    scheduled = start is not None and start > now
    transmission = Transmission(
        id=new_transmission_id(),
        campaign_id=submission.campaign_id,
        description=submission.description,
        return_path=submission.return_path,
        options=msgspec.json.encode(submission.options.as_sent).decode(),
        num_rcpts=intake.accepted,
        num_invalid_recipients=intake.rejected,
        block_time=int(now.timestamp()),
        created_at=now,
        start_at=start if scheduled and start else now,
        is_scheduled=scheduled,
    )
    job = _job(transmission, submission, content, settings)
    with transaction.atomic():
        transmission.save(force_insert=True)
        Snapshot.objects.create(transmission=transmission, job=msgspec.json.encode(job).decode())
        Chunk.objects.bulk_create(_rows(transmission, chunks, first_number), batch_size=100)
        transaction.on_commit(lambda: _hint(transmission.start_at, now, len(chunks)))
    return transmission


def _rows(transmission: Transmission, chunks: list[tuple[int, bytes]], first_number: int) -> Iterator[Chunk]:
    single = transmission.num_rcpts == 1 and not transmission.is_scheduled
    for position, (size, stored) in enumerate(chunks):
        yield Chunk(
            transmission=transmission,
            position=position,
            size=size,
            first_number=first_number,
            recipients=stored,
            is_single=single,
            due_at=transmission.start_at,
        )
        first_number += size


def _job(transmission: Transmission, submission: Submission, content: Content, settings: Configuration) -> Job:
    options = submission.options
    transactional = settings.transactional_default if options.transactional is None else options.transactional
    return Job(
        transmission_id=transmission.id,
        content=content,
        campaign_id=submission.campaign_id,
        metadata=submission.metadata,
        substitution_data=submission.substitution_data,
        flags=options.flags,
        override=submission.override,
        return_path=submission.return_path,
        transactional=transactional,
        inline_css=options.inline_css,
        perform_substitutions=options.perform_substitutions,
        skip_suppression=options.skip_suppression,
        ip_pool=options.ip_pool,
    )


def _hint(start_at: datetime, now: datetime, chunks: int) -> None:
    if start_at <= now:
        hints.generation(chunks)
