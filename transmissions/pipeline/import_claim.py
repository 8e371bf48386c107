"""Claiming an import: a conditional update that one worker wins, and a lease that each batch extends."""

import uuid
from collections.abc import Collection
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet

from momentum.lib import clock
from transmissions.chunks import packed
from transmissions.import_batches import Batch
from transmissions.models import ImportChunk, ImportFault, ListImport

LEASE = timedelta(seconds=90)
# Faults beyond these are counted but not kept.
MAX_FAULTS = 10_000


def claimable() -> QuerySet[ListImport]:
    """Imports that wait for a worker, or were left by one."""
    free = Q(leased_until=None) | Q(leased_until__lt=clock.now())
    return ListImport.objects.filter(free, state__in=(ListImport.State.WAITING, ListImport.State.RUNNING))


def claim(passed_over: Collection[int] = ()) -> ListImport | None:
    """The import that has waited longest, leased to the caller; None if there is none but those `passed_over`."""
    token, now = uuid.uuid4(), clock.now()
    with transaction.atomic():
        waiting = claimable().exclude(id__in=passed_over).order_by("progressed_at")
        found = waiting.select_for_update(skip_locked=True).values_list("id", flat=True)[:1]
        claimed = ListImport.objects.filter(id__in=list(found)).update(
            lease=token,
            leased_until=now + LEASE,
            state=ListImport.State.RUNNING,
            attempts=F("attempts") + 1,
        )
    return ListImport.objects.get(lease=token) if claimed else None


def keep(claimed: ListImport, batch: Batch) -> bool:
    """Store a batch and the place where it ends in one transaction; False if the lease is lost: stop then."""
    chunks = list(packed(batch.recipients))
    room = max(0, MAX_FAULTS - claimed.rejected)
    now = clock.now()
    with transaction.atomic():
        held = ListImport.objects.filter(id=claimed.id, lease=claimed.lease).update(
            leased_until=now + LEASE,
            progressed_at=now,
            attempts=0,
            position=batch.position,
            line=batch.line,
            accepted=F("accepted") + len(batch.recipients),
            rejected=F("rejected") + len(batch.faults),
            num_chunks=F("num_chunks") + len(chunks),
        )
        if not held:
            return False
        ImportChunk.objects.bulk_create(
            ImportChunk(list_import=claimed, position=position, size=size, recipients=recipients)
            for position, (size, recipients) in enumerate(chunks, claimed.num_chunks)
        )
        ImportFault.objects.bulk_create(
            ImportFault(list_import=claimed, line=fault.line, value=fault.value, reason=fault.reason)
            for fault in batch.faults[:room]
        )
    claimed.refresh_from_db()
    return True


def give_back(claimed: ListImport) -> None:
    """Let another worker have it."""
    ListImport.objects.filter(id=claimed.id, lease=claimed.lease).update(
        state=ListImport.State.WAITING, lease=None, leased_until=None, attempts=F("attempts") - 1
    )


def end(claimed: ListImport, state: ListImport.State, reason: str = "") -> bool:
    """Write the outcome; False if the lease is lost."""
    now = clock.now()
    ended = ListImport.objects.filter(id=claimed.id, lease=claimed.lease).update(
        state=state, reason=reason, key=claimed.key, lease=None, leased_until=None, progressed_at=now
    )
    return bool(ended)
