"""Claiming work: a conditional update that only one worker wins, and a lease that runs out if it dies."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from momentum.lib import clock
from transmissions.models import Chunk, Message, Transmission

LEASE = timedelta(seconds=settings.WORK_LEASE_SECONDS)


@dataclass(frozen=True, slots=True)
class Lease:
    """Proof that the holder may settle; `token` is written beside the work while it lasts."""

    token: uuid.UUID
    until: datetime

    @classmethod
    def new(cls) -> "Lease":
        return cls(uuid.uuid4(), clock.now() + LEASE)


@dataclass(frozen=True, slots=True)
class Retry:
    """A deferred message that is due again; `attempts` have failed so far."""

    number: int
    chunk_id: int
    attempts: int
    injected_at: datetime


def claim_chunk(*, singles: bool | None) -> tuple[Chunk, Lease] | None:
    """Claim the chunk that has been due longest; `singles` restricts to either kind, None takes any."""
    lease, now = Lease.new(), clock.now()
    due = Chunk.objects.filter(_free(now), done_at=None, due_at__lte=now)
    if singles is not None:
        due = due.filter(is_single=singles)
    with transaction.atomic():
        # SKIP LOCKED: workers that look at the same moment take different chunks instead of waiting.
        found = due.order_by("due_at", "id").select_for_update(skip_locked=True).values_list("id", flat=True)[:1]
        claimed = Chunk.objects.filter(id__in=list(found)).update(
            lease=lease.token, leased_until=lease.until, sent_at=Coalesce(F("sent_at"), now)
        )
    if not claimed:
        return None
    # In a transaction of its own: whoever pauses or cancels locks the transmission first and its chunks after it.
    chunk = Chunk.objects.select_related("transmission").get(lease=lease.token)
    Transmission.objects.filter(id=chunk.transmission_id, state=Transmission.State.SUBMITTED).update(
        state=Transmission.State.GENERATING, generation_started_at=now
    )
    chunk.transmission.refresh_from_db()
    return chunk, lease


def release_chunk(chunk: Chunk, lease: Lease) -> None:
    """Give an unfinished chunk back: it is due again at once."""
    Chunk.objects.filter(id=chunk.id, lease=lease.token).update(lease=None, leased_until=None)


def claim_retries(limit: int) -> tuple[list[Retry], Lease]:
    """Claim up to `limit` deferred messages whose next attempt is due."""
    lease, now = Lease.new(), clock.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE transmissions_message SET lease = %s, leased_until = %s WHERE number IN ("
            " SELECT number FROM transmissions_message WHERE state = 'deferred' AND next_attempt_at <= %s"
            " AND (leased_until IS NULL OR leased_until < %s)"
            " ORDER BY next_attempt_at LIMIT %s FOR UPDATE SKIP LOCKED)"
            " RETURNING number, chunk_id, attempts, injected_at",
            [lease.token, lease.until, now, now, limit],
        )
        claimed = [Retry(*row) for row in cursor.fetchall()]
    return sorted(claimed, key=lambda retry: retry.number), lease


def release_retries(numbers: Iterable[int], lease: Lease) -> None:
    """Give claimed messages back that were not tried."""
    Message.objects.filter(number__in=list(numbers), lease=lease.token).update(lease=None, leased_until=None)


def due_work() -> tuple[int, int]:
    """How many chunks (counted to 4), unread lists (to 1) and messages (to 1) are due and not claimed."""
    now = clock.now()
    chunks = Chunk.objects.filter(_free(now), done_at=None, due_at__lte=now)[:4]
    lists = Transmission.objects.filter(is_expanded=False, is_paused=False, start_at__lte=now)[:1]
    messages = Message.objects.filter(_free(now), state=Message.State.DEFERRED, next_attempt_at__lte=now)[:1]
    return len(chunks.values_list("id")) + len(lists.values_list("id")), len(messages.values_list("number"))


def _free(now: datetime) -> Q:
    return Q(leased_until=None) | Q(leased_until__lt=now)
