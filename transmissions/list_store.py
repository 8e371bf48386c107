"""Stored recipient lists in the database: found, held, filled, and read again a chunk at a time."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.db import connection

from momentum.lib import clock
from momentum.lib.errors import ApiError, refuse
from transmissions.chunks import unpack
from transmissions.models import ListChunk, RecipientList, Transmission
from transmissions.values import Recipient

# From this long before a transmission starts its list cannot be changed any more (contract 30 §4).
LOCKED_BEFORE_START = timedelta(minutes=10)
_LOCK_SPACE = 0x4C495354


def find(key: str) -> RecipientList:
    """The list. Raises ApiError `1600`."""
    stored = RecipientList.objects.filter(key=key).first()
    if stored is None:
        raise refuse("1600", f"List '{key}' does not exist")
    return stored


def hold(key: str, *, wait: bool = False) -> RecipientList:
    """The list, held until the transaction ends.

    A second writer is told so at once (ApiError `1602`) unless it would rather `wait`. Raises ApiError `1600`.
    """
    if wait:
        lock(key)
        return find(key)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [_LOCK_SPACE, key])
        if not cursor.fetchone()[0]:
            raise refuse("1602", f"List '{key}' is in use by another request")
    return find(key)


def lock(key: str) -> None:
    """Keep every other writer away from the list, which need not exist, until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK_SPACE, key])


def already_exists(key: str) -> ApiError:
    """The refusal of a second list with the id `key`."""
    return refuse("5001", f"List '{key}' already exists")


def refuse_change_near_start(key: str) -> None:
    """Raises ApiError `1602` when a transmission works on the list, or will within ten minutes."""
    using = Transmission.objects.filter(list_id=key)
    soon = using.filter(state=Transmission.State.SUBMITTED, start_at__lte=clock.now() + LOCKED_BEFORE_START)
    if soon.exists() or using.filter(state=Transmission.State.GENERATING).exists():
        raise _in_use(key)


def refuse_removal_while_awaited(key: str) -> None:
    """Raises ApiError `1602` when a transmission works on the list, or will at any time."""
    waiting = (Transmission.State.SUBMITTED, Transmission.State.GENERATING)
    if Transmission.objects.filter(list_id=key, state__in=waiting).exists():
        raise _in_use(key)


def fill(stored: RecipientList, chunks: Iterable[tuple[int, bytes]]) -> None:
    """Make `chunks` (as transmissions.chunks.packed yields them) all that the list holds."""
    stored.chunks.all().delete()
    ListChunk.objects.bulk_create(
        (
            ListChunk(recipient_list=stored, position=position, size=size, recipients=recipients)
            for position, (size, recipients) in enumerate(chunks)
        ),
        batch_size=100,
    )


def chunks_of(stored: RecipientList) -> Iterator[list[Recipient]]:
    """The recipients in their order by the chunk, with never more than a few chunks in memory."""
    for chunk in stored.chunks.order_by("position").iterator(chunk_size=5):
        yield unpack(chunk.recipients)


def _in_use(key: str) -> ApiError:
    return refuse("1602", f"List '{key}' is in use by msg generation")
