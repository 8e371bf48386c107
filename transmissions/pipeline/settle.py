"""Storing what became of messages: rows and events in one transaction, fenced by the lease (DESIGN §3.4)."""

from collections.abc import Iterable, Sequence

from django.db import connection, transaction
from django.db.models import F

from momentum.lib import clock
from tracking import log
from tracking.events import Event
from transmissions.models import Chunk, Message, Transmission
from transmissions.pipeline import events
from transmissions.pipeline.claim import LEASE, Lease
from transmissions.pipeline.work import Canceled, Failed, Settled

_COLUMNS = (
    "number, transmission_id, chunk_id, state, attempts, injected_at, next_attempt_at, last_reply, settled_at"
)
_MAX_REPLY = 2000


class LeaseLostError(Exception):
    """Somebody else has claimed the work since: nothing was stored."""


def settle_chunk(chunk: Chunk, lease: Lease, settled: Sequence[Settled], failed: Sequence[Failed]) -> None:
    """Store first attempts. Raises LeaseLostError when the chunk is no longer ours."""
    with transaction.atomic():
        # 1. The fence: the row stays locked, so that no other worker can claim the chunk before we commit.
        renewed = Chunk.objects.filter(id=chunk.id, lease=lease.token).update(
            leased_until=clock.now() + LEASE,
            num_generated=F("num_generated") + len(settled),
            num_failed=F("num_failed") + len(failed),
        )
        if not renewed:
            raise LeaseLostError
        # 2. The rows, which tell a later worker to leave these recipients alone.
        _copy_rows([*map(_row_of_settled, settled), *map(_row_of_failed, failed)])
        # 3. The events of the same messages.
        log.append(_events(settled, failed))


def settle_canceled(chunk: Chunk, lease: Lease, canceled: Sequence[Canceled]) -> None:
    """Store messages that will never be generated. Raises LeaseLostError when the chunk is no longer ours."""
    with transaction.atomic():
        renew(lease, chunk)
        _copy_rows([_row_of_canceled(one) for one in canceled])
        log.append(events.of_canceled(one) for one in canceled if not one.job.is_test)


def settle_retries(lease: Lease, settled: Sequence[Settled]) -> None:
    """Store further attempts; messages that are no longer ours are left to whoever holds them."""
    now = clock.now()
    with transaction.atomic():
        held = set(
            Message.objects.select_for_update()
            .filter(number__in=[one.attempt.number for one in settled], lease=lease.token)
            .values_list("number", flat=True)
        )
        ours = [one for one in settled if one.attempt.number in held]
        for one in ours:
            Message.objects.filter(number=one.attempt.number).update(
                state=_state(one),
                attempts=one.attempt.attempts + 1,
                next_attempt_at=one.next_attempt_at,
                last_reply=one.outcome.reply[:_MAX_REPLY],
                settled_at=now,
                lease=None,
                leased_until=None,
            )
        log.append(_events(ours, ()))


def renew(lease: Lease, chunk: Chunk | None = None) -> None:
    """Hold on to what is being worked on. Raises LeaseLostError when it is no longer ours."""
    until = clock.now() + LEASE
    if chunk is not None:
        held = Chunk.objects.filter(id=chunk.id, lease=lease.token).update(leased_until=until)
    else:
        held = Message.objects.filter(lease=lease.token).update(leased_until=until)
    if not held:
        raise LeaseLostError


def finish_chunk(chunk: Chunk, lease: Lease) -> None:
    """Every recipient of the chunk is settled; the last chunk ends the generation of its transmission.

    Raises LeaseLostError when the chunk is no longer ours.
    """
    now = clock.now()
    with transaction.atomic():
        # Two last chunks that finish together would each see the other unfinished: the transmission's row,
        # locked first, makes them take turns.
        Transmission.objects.select_for_update().get(id=chunk.transmission_id)
        done = Chunk.objects.filter(id=chunk.id, lease=lease.token, done_at=None).update(
            done_at=now, lease=None, leased_until=None
        )
        if not done:
            raise LeaseLostError
        if not Chunk.objects.filter(transmission_id=chunk.transmission_id, done_at=None).exists():
            Transmission.objects.filter(id=chunk.transmission_id, state=Transmission.State.GENERATING).update(
                state=Transmission.State.SUCCESS, generation_ended_at=now
            )


def settled_numbers(chunk: Chunk) -> set[int]:
    """The messages of a chunk that an earlier worker has settled."""
    numbers = Message.objects.filter(number__gte=chunk.first_number, number__lt=chunk.first_number + chunk.size)
    return set(numbers.values_list("number", flat=True))


def _events(settled: Iterable[Settled], failed: Iterable[Failed]) -> Iterable[Event]:
    """Nothing of a test: what has no event is in no statistics."""
    for one in settled:
        if not one.job.is_test:
            yield from events.of_settled(one)
    yield from (events.of_failed(one) for one in failed if not one.job.is_test)


def _state(one: Settled) -> Message.State:
    return Message.State(one.outcome.result)


def _row_of_settled(one: Settled) -> tuple[object, ...]:
    attempt = one.attempt
    return (
        *(attempt.number, one.job.transmission_id, attempt.chunk_id, _state(one).value),
        *(attempt.attempts + 1, attempt.injected_at, one.next_attempt_at),
        *(one.outcome.reply[:_MAX_REPLY], clock.now()),
    )


def _row_of_failed(one: Failed) -> tuple[object, ...]:
    return (
        *(one.number, one.job.transmission_id, one.chunk_id, Message.State.FAILED.value),
        *(0, one.failed_at, None, one.failure.reason[:_MAX_REPLY], clock.now()),
    )


def _row_of_canceled(one: Canceled) -> tuple[object, ...]:
    return (
        *(one.number, one.job.transmission_id, one.chunk_id, Message.State.CANCELED.value),
        *(0, one.canceled_at, None, "", clock.now()),
    )


def _copy_rows(rows: Sequence[tuple[object, ...]]) -> None:
    with (
        connection.cursor() as wrapped,
        wrapped.cursor.copy(f"COPY transmissions_message ({_COLUMNS}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row(row)
