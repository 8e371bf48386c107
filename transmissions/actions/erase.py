"""Working through requests for erasure: lists, then recipients of transmissions, then the event log.

Each step is noted with the request, so that a worker that dies is continued, and every step finds nothing to do the
second time. Nobody of a request is forgotten before all of it is done.
"""

import time
from datetime import timedelta

from django.db import connection

from tracking import cleaning, requests
from tracking.models import PrivacyRequest
from tracking.requests import Group
from transmissions import erasure
from transmissions.actions import imports
from transmissions.chunks import unpack
from transmissions.models import Chunk, ImportChunk, ListImport, RecipientList

BUDGET_S = 10.0
# What was under way when a person asked is in the log by then: hits being recorded, batches being settled.
QUIET = timedelta(minutes=10)
_LOCK = 0x6572617365
_CHUNKS_AT_ONCE = 20

Stage = PrivacyRequest.Stage


def erase_due() -> bool:
    """Work on open requests until time is up. True when time ended before work did; one process at a time."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return False
        try:
            deadline = time.monotonic() + BUDGET_S
            # Every group gets its turn: one that waits for a worker must not keep the others waiting.
            unfinished = [group for group in requests.groups() if _work_on(group, deadline)]
            return bool(unfinished)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _work_on(group: Group, deadline: float) -> bool:
    """Bring a group as far as possible now. True when only the time was missing."""
    while time.monotonic() < deadline:
        further = _STEPS[group.stage](group)
        if further is None:
            return False
        group = further
    return True


def _lists(group: Group) -> Group | None:
    """The next list, or the next stage."""
    people = group.addresses
    if group.position == 0:
        _imports(group)
        if _is_importing(group):
            return None
    following = RecipientList.objects.filter(id__gt=group.position).order_by("id").values_list("id", flat=True)
    list_id = following.first()
    if list_id is None:
        return requests.move(group, Stage.CHUNKS, 0)
    requests.note(group, "list_entries", erasure.from_list(list_id, people))
    return requests.move(group, Stage.LISTS, list_id)


def _imports(group: Group) -> None:
    """Imports that failed may be tried again: those that hold one of the people are discarded."""
    erasure.from_import_faults(group.addresses)
    for failed in ListImport.objects.filter(state=ListImport.State.FAILED):
        chunks = ImportChunk.objects.filter(list_import=failed).values_list("recipients", flat=True)
        if any(erasure.is_among(unpack(stored), group.addresses) for stored in chunks.iterator(chunk_size=5)):
            imports.discard(failed)


def _is_importing(group: Group) -> bool:
    """Whether an import that began before the request is about to fill a list."""
    moving = (ListImport.State.WAITING, ListImport.State.RUNNING)
    return ListImport.objects.filter(state__in=moving, created_at__lte=group.requested_at).exists()


def _chunks(group: Group) -> Group | None:
    """The next chunks, or the next stage; None where a worker is at one of them."""
    people, position = group.addresses, group.position
    following = Chunk.objects.filter(id__gt=position).order_by("id").values_list("id", "recipients")
    some = list(following[:_CHUNKS_AT_ONCE])
    if not some:
        return requests.move(group, Stage.EVENTS, 0)
    for chunk_id, stored in some:
        if erasure.is_among(unpack(stored), people):
            found = erasure.from_chunk(chunk_id, people)
            if found is None:
                requests.move(group, Stage.CHUNKS, position)
                return None
            requests.note(group, "messages", found)
        position = chunk_id
    return requests.move(group, Stage.CHUNKS, position)


def _events(group: Group) -> Group | None:
    """The next events; once there are none and it is quiet, the people are forgotten."""
    found = cleaning.erase(group.addresses)
    if found:
        requests.note(group, "events", found)
        return group
    requests.finish(group, QUIET)
    return None


_STEPS = {Stage.LISTS: _lists, Stage.CHUNKS: _chunks, Stage.EVENTS: _events}
