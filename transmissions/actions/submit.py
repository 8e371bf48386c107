"""Accept a transmission: everything is stored before the answer, nothing is generated (DESIGN §3.1)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from django.db import transaction

from momentum.lib import clock
from momentum.lib.errors import Fault, refuse
from momentum.lib.ids import new_transmission_id
from tracking import configuration
from transmissions import hints, numbers, template_versions
from transmissions.chunks import packed
from transmissions.content import TemplateReference
from transmissions.generation import check_content, check_return_path
from transmissions.intake import Intake
from transmissions.models import Chunk, RecipientList, Snapshot, Transmission
from transmissions.reading import Faults
from transmissions.request import Submission, read_submission
from transmissions.values import Content, Job

_SYNTAX_ERROR = "3000"


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
    horizon = configuration.current().start_time_max_schedule_interval
    submission = read_submission(body, timedelta(seconds=horizon))
    _check_references(submission)
    submission.faults.raise_if_any()
    if isinstance(submission.content, Content):
        _check_content(submission, submission.content, check_syntax)
    return accept(submission, submission.num_rcpt_errors if num_rcpt_errors is None else num_rcpt_errors)


def accept(submission: Submission, num_rcpt_errors: int | None = None) -> Accepted:
    """Store what was found in order and have it generated. Raises ApiError `5002` when no recipient is valid."""
    intake = Intake(submission.recipients, num_rcpt_errors)
    chunks = list(packed(intake))
    if submission.list_id is not None:
        # It may have been deleted since it was looked for.
        size = RecipientList.objects.filter(key=submission.list_id).values_list("size", flat=True).first()
        intake.accepted = size or 0
    if not intake.accepted:
        raise intake.nobody()
    transmission = _store(submission, intake, chunks)
    return Accepted(transmission.id, intake.accepted, intake.rejected, intake.errors)


def _check_content(submission: Submission, content: Content, check_syntax: bool) -> None:
    substitute, faults = submission.options.perform_substitutions, Faults()
    found = [*check_content(content, perform_substitutions=substitute), *check_return_path(submission.return_path)]
    faults.extend(fault for fault in found if check_syntax or fault.code != _SYNTAX_ERROR)
    faults.raise_if_any()


def _check_references(submission: Submission) -> None:
    """Stored template and list have to exist now, though they are read when generation starts."""
    if isinstance(submission.content, TemplateReference):
        template_versions.for_sending(submission.content.template_id, submission.content.use_draft)
    if submission.list_id is not None and not RecipientList.objects.filter(key=submission.list_id).exists():
        raise refuse("1603", f"List '{submission.list_id}' does not exist")


def _store(submission: Submission, intake: Intake, chunks: list[tuple[int, bytes]]) -> Transmission:
    now = clock.now()
    first_number = numbers.reserve(intake.accepted) if chunks else 0
    transmission = _row(submission, intake, now)
    job = _job(transmission, submission)
    with transaction.atomic():
        if transmission.template_id:
            # From here on the template is in use: it cannot go before the transmission is there to be seen.
            template_versions.hold(transmission.template_id)
        transmission.save(force_insert=True)
        Snapshot.objects.create(transmission=transmission, job=msgspec.json.encode(job).decode())
        Chunk.objects.bulk_create(_chunks(transmission, chunks, first_number), batch_size=100)
        if not transmission.is_scheduled:
            transaction.on_commit(lambda: hints.generation(len(chunks) or 1))
    return transmission


def _row(submission: Submission, intake: Intake, now: datetime) -> Transmission:
    content, start = submission.content, submission.options.start_at
    scheduled = start is not None and start > now
    stored = content if isinstance(content, TemplateReference) else TemplateReference("", use_draft=False)
    return Transmission(
        id=new_transmission_id(),
        campaign_id=submission.campaign_id,
        description=submission.description,
        template_id=stored.template_id,
        use_draft_template=stored.use_draft,
        list_id=submission.list_id or "",
        is_expanded=submission.list_id is None,
        return_path=submission.return_path,
        options=msgspec.json.encode(submission.options.as_sent).decode(),
        num_rcpts=intake.accepted,
        num_invalid_recipients=intake.rejected,
        block_time=int(now.timestamp()),
        created_at=now,
        start_at=start if scheduled and start else now,
        is_scheduled=scheduled,
        is_test=submission.is_test,
    )


def _chunks(transmission: Transmission, chunks: list[tuple[int, bytes]], first_number: int) -> Iterator[Chunk]:
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


def _job(transmission: Transmission, submission: Submission) -> Job:
    content, options = submission.content, submission.options
    return Job(
        transmission_id=transmission.id,
        content=content if isinstance(content, Content) else Content(),
        campaign_id=submission.campaign_id,
        template_id=transmission.template_id,
        metadata=submission.metadata,
        substitution_data=submission.substitution_data,
        flags=options.flags,
        override=submission.override,
        return_path=submission.return_path,
        transactional=options.transactional,
        inline_css=options.inline_css,
        perform_substitutions=options.perform_substitutions,
        skip_suppression=options.skip_suppression,
        ip_pool=options.ip_pool,
        is_test=submission.is_test,
    )
