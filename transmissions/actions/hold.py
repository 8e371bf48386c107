"""Pausing and resuming a transmission: while it is paused, no worker claims what is not generated yet.

What has been generated is on its way: deferred messages are tried again as always.
"""

from datetime import UTC, datetime

from django.db import transaction
from django.db.models import QuerySet

from momentum.lib import clock
from transmissions import hints
from transmissions.models import Chunk, Transmission

_NEVER = datetime(9999, 12, 31, tzinfo=UTC)
_UNDER_WAY = (Transmission.State.SUBMITTED, Transmission.State.GENERATING)


def pause(transmission_id: int) -> bool:
    """Hold a transmission; a chunk under way stops at its next message. False when there is nothing to hold."""
    with transaction.atomic():
        running = Transmission.objects.filter(id=transmission_id, state__in=_UNDER_WAY, is_paused=False)
        if not running.update(is_paused=True):
            return False
        _unfinished(transmission_id).update(due_at=_NEVER)
    return True


def resume(transmission_id: int) -> bool:
    """Let a paused transmission go on, not before its start time. False when it is not paused."""
    with transaction.atomic():
        paused = Transmission.objects.filter(id=transmission_id, state__in=_UNDER_WAY, is_paused=True)
        if not paused.update(is_paused=False):
            return False
        start_at = Transmission.objects.get(id=transmission_id).start_at
        count = _unfinished(transmission_id).update(due_at=max(start_at, clock.now()))
        transaction.on_commit(lambda: hints.generation(count or 1))
    return True


def _unfinished(transmission_id: int) -> QuerySet[Chunk]:
    return Chunk.objects.filter(transmission_id=transmission_id, done_at=None)
