"""Uploaded files into recipient lists: claimed by lease, read in batches, moved into the list in one step.

A batch and the place where it ends are stored in one transaction. A worker that is killed leaves its import at the
end of its last batch; the lease runs out, another one goes on there, and no row is read twice.
"""

from collections.abc import Iterator
from datetime import timedelta

import msgspec
from django.db import IntegrityError, connection, transaction

from momentum.lib import clock
from momentum.lib.errors import ApiError
from momentum.lib.ids import new_transmission_id
from transmissions import list_store, uploads
from transmissions.csv_import.columns import Column
from transmissions.import_batches import Batch, batches
from transmissions.models import ListImport, RecipientList
from transmissions.pipeline import import_claim

MAX_ATTEMPTS = 5
# A worker of another host may not see the file; one of its own host gets that long to take it.
FILE_AWAITED = timedelta(hours=1)

_MOVE = """
INSERT INTO transmissions_listchunk (recipient_list_id, position, size, recipients)
SELECT %s, position, size, recipients FROM transmissions_importchunk WHERE list_import_id = %s
"""


class _LeaseLostError(Exception):
    """Another worker has taken the import over."""


def is_due() -> bool:
    """Whether an import waits for a worker, or was left by one."""
    return import_claim.claimable().exists()


def import_due() -> bool:
    """Claim an import and bring it to its end; False if none is due that this host can read."""
    elsewhere: list[int] = []
    while claimed := import_claim.claim(elsewhere):
        if not _is_elsewhere(claimed):
            _bring_to_its_end(claimed)
            return True
        elsewhere.append(claimed.pk)
        import_claim.give_back(claimed)
    return False


def _bring_to_its_end(claimed: ListImport) -> None:
    if claimed.attempts > MAX_ATTEMPTS:
        _fail(claimed, f"Reading broke off {MAX_ATTEMPTS} times after line {claimed.line:,}.")
    elif _is_without_file(claimed):
        _fail(claimed, "The uploaded file is not there any more. Upload it again.")
    elif all(import_claim.keep(claimed, batch) for batch in _unread(claimed)):
        _finish(claimed)


def _is_elsewhere(claimed: ListImport) -> bool:
    return _is_without_file(claimed) and clock.now() - claimed.progressed_at <= FILE_AWAITED


def _is_without_file(claimed: ListImport) -> bool:
    return _has_unread(claimed) and not uploads.path(claimed.file).exists()


def _has_unread(claimed: ListImport) -> bool:
    return claimed.position < claimed.file_size


def _unread(claimed: ListImport) -> Iterator[Batch]:
    if not _has_unread(claimed):
        return
    columns = msgspec.json.decode(claimed.columns, type=list[Column])
    with uploads.path(claimed.file).open("rb") as file:
        yield from batches(file, claimed.delimiter, columns, claimed.position, claimed.line)


def _finish(claimed: ListImport) -> None:
    """Move what was read into the list, or say why not; a list in use may be free when somebody tries again."""
    if not claimed.accepted:
        _fail(claimed, "No row holds a valid recipient: nothing was stored.")
        return
    try:
        with transaction.atomic():
            stored = _list_for(claimed)
            stored.chunks.all().delete()
            with connection.cursor() as cursor:
                cursor.execute(_MOVE, [stored.pk, claimed.pk])
            stored.size = claimed.accepted
            stored.updated_at = clock.now()
            stored.save(update_fields=["size", "updated_at"])
            claimed.key = stored.key
            claimed.chunks.all().delete()
            if not import_claim.end(claimed, ListImport.State.DONE):
                raise _LeaseLostError
    except _LeaseLostError:
        return
    except ApiError as refusal:
        import_claim.end(claimed, ListImport.State.FAILED, f"{refusal.faults[0].description}.")
    uploads.remove(claimed.file)


def _list_for(claimed: ListImport) -> RecipientList:
    """The list to be filled, new or held. Raises ApiError."""
    if not claimed.is_new:
        stored = list_store.hold(claimed.key, wait=True)
        list_store.refuse_change_near_start(stored.key)
        return stored
    key = claimed.key or str(new_transmission_id())
    try:
        with transaction.atomic():
            return RecipientList.objects.create(
                key=key,
                name=claimed.name or key,
                description=claimed.description,
                size=claimed.accepted,
                updated_at=clock.now(),
            )
    except IntegrityError as problem:
        raise list_store.already_exists(key) from problem


def _fail(claimed: ListImport, reason: str) -> None:
    """The end of an import that cannot be tried again: nothing of it is needed any more but its faults."""
    if import_claim.end(claimed, ListImport.State.FAILED, reason):
        claimed.chunks.all().delete()
        uploads.remove(claimed.file)
