"""Storing what became of messages: rows and events in one transaction, fenced by the lease (DESIGN §3.4)."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import psycopg
from django.db import DataError, connection, transaction
from django.db.models import F
from django.db.models.expressions import Combinable

from momentum.lib import clock
from tracking import log
from tracking.events import Event
from transmissions.models import Chunk, Message, Transmission
from transmissions.pipeline import events
from transmissions.pipeline.claim import LEASE, Lease
from transmissions.pipeline.texts import storable
from transmissions.pipeline.work import Canceled, Failed, Settled

_COLUMNS = (
    "number, transmission_id, chunk_id, state, attempts, injected_at, next_attempt_at, last_reply, settled_at"
)
_MAX_REPLY = 2000
# What values raise that PostgreSQL or JSON cannot hold. That the database is away is another matter.
_UNSTORABLE = (DataError, psycopg.DataError, ValueError, TypeError)

logger = logging.getLogger(__name__)


class LeaseLostError(Exception):
    """Somebody else has claimed the work since: nothing was stored."""


def settle_chunk(chunk: Chunk, lease: Lease, settled: Sequence[Settled], failed: Sequence[Failed]) -> None:
    """Store first attempts. Raises LeaseLostError when the chunk is no longer ours."""
    _store_all_the_same(settled, failed, lambda *these: _settle_chunk(chunk, lease, *these))


def _settle_chunk(
    chunk: Chunk, lease: Lease, settled: Sequence[Settled], failed: Sequence[Failed], recorded: bool
) -> None:
    with transaction.atomic():
        # 1. The fence: the row stays locked, so that no other worker can claim the chunk before we commit.
        renewed = Chunk.objects.filter(id=chunk.id, lease=lease.token).update(
            leased_until=clock.now() + LEASE,
            num_generated=F("num_generated") + len(settled),
            num_failed=F("num_failed") + len(failed),
            num_rejected=F("num_rejected") + sum(one.is_rejected for one in failed),
            **_ends(settled),
        )
        if not renewed:
            raise LeaseLostError
        # 2. The rows, which tell a later worker to leave these recipients alone.
        _copy_rows([*map(_row_of_settled, settled), *map(_row_of_failed, failed)])
        # 3. The events of the same messages.
        if recorded:
            log.append(_events(settled, failed))


def settle_canceled(chunk: Chunk, lease: Lease, canceled: Sequence[Canceled]) -> None:
    """Store messages that will never be generated. Raises LeaseLostError when the chunk is no longer ours."""
    with transaction.atomic():
        renew(lease, chunk)
        _copy_rows([_row_of_canceled(one) for one in canceled])
        log.append(events.of_canceled(one) for one in canceled if not one.job.is_test)


def settle_retries(lease: Lease, settled: Sequence[Settled], failed: Sequence[Failed] = ()) -> None:
    """Store further attempts; messages that are no longer ours are left to whoever holds them.

    `failed` are those that no longer render, which ends them.
    """
    _store_all_the_same(settled, failed, lambda *these: _settle_retries(lease, *these))


def _settle_retries(lease: Lease, settled: Sequence[Settled], failed: Sequence[Failed], recorded: bool) -> None:
    numbers = [*(one.attempt.number for one in settled), *(one.number for one in failed)]
    with transaction.atomic():
        held = set(
            Message.objects.select_for_update()
            .filter(number__in=numbers, lease=lease.token)
            .values_list("number", flat=True)
        )
        ours = [one for one in settled if one.attempt.number in held]
        ours_failed = [one for one in failed if one.number in held]
        for one in ours:
            _update_row(
                one.attempt.number,
                state=_state(one),
                attempts=one.attempt.attempts + 1,
                next_attempt_at=one.next_attempt_at,
                last_reply=one.outcome.reply[:_MAX_REPLY],
            )
        for failure in ours_failed:
            _update_row(
                failure.number, state=Message.State.FAILED, last_reply=storable(failure.failure.reason)[:_MAX_REPLY]
            )
        _count_ends(ours, ours_failed)
        if recorded:
            log.append(_events(ours, ours_failed))


def _store_all_the_same(
    settled: Sequence[Settled],
    failed: Sequence[Failed],
    store: Callable[[Sequence[Settled], Sequence[Failed], bool], None],
) -> None:
    """Store what can be stored, each message alone if need be: one that the event log cannot hold loses its events,
    because without its row it would be sent again for ever.
    """
    try:
        store(settled, failed, True)
    except _UNSTORABLE:
        alone: list[tuple[Sequence[Settled], Sequence[Failed]]] = [([one], []) for one in settled]
        alone += [([], [one]) for one in failed]
        if len(alone) == 1:
            logger.exception("the events of a message cannot be stored; it is settled without them")
            store(settled, failed, False)
            return
        for these in alone:
            _store_all_the_same(*these, store)


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


def _update_row(number: int, **changes: object) -> None:
    Message.objects.filter(number=number).update(
        **{"next_attempt_at": None, "settled_at": clock.now(), "lease": None, "leased_until": None, **changes}
    )


def _count_ends(settled: Sequence[Settled], failed: Sequence[Failed]) -> None:
    # In one order, so that two workers with messages of the same chunks cannot wait for each other.
    for chunk_id in sorted({*(one.attempt.chunk_id for one in settled), *(one.chunk_id for one in failed)}):
        ends = _ends([one for one in settled if one.attempt.chunk_id == chunk_id])
        lost = sum(one.chunk_id == chunk_id for one in failed)
        Chunk.objects.filter(id=chunk_id).update(
            num_generated=F("num_generated") - lost, num_failed=F("num_failed") + lost, **ends
        )


def _ends(settled: Sequence[Settled]) -> dict[str, Combinable]:
    """What the chunk's counters of ended messages grow by."""
    counts = Counter(one.outcome.result for one in settled)
    return {f"num_{result}": F(f"num_{result}") + counts[result] for result in ("delivered", "bounced")}


def _state(one: Settled) -> Message.State:
    return Message.State(one.outcome.result)


def _state_of_failed(one: Failed) -> Message.State:
    return Message.State.REJECTED if one.is_rejected else Message.State.FAILED


def _row_of_settled(one: Settled) -> tuple[object, ...]:
    attempt = one.attempt
    return (
        *(attempt.number, one.job.transmission_id, attempt.chunk_id, _state(one).value),
        *(attempt.attempts + 1, attempt.injected_at, one.next_attempt_at),
        *(one.outcome.reply[:_MAX_REPLY], clock.now()),
    )


def _row_of_failed(one: Failed) -> tuple[object, ...]:
    return (
        *(one.number, one.job.transmission_id, one.chunk_id, _state_of_failed(one).value),
        *(0, one.failed_at, None, storable(one.failure.reason)[:_MAX_REPLY], clock.now()),
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
