"""Transmissions to a stored list: its recipients are copied, chunk by chunk as they are, when generation starts."""

from django.db import connection, transaction
from django.db.models import Sum

from momentum.lib import clock
from transmissions import list_store, numbers
from transmissions.models import ListChunk, Transmission

_COPY = """
INSERT INTO transmissions_chunk
    (transmission_id, position, size, first_number, recipients, is_single, due_at,
     num_generated, num_failed, num_delivered, num_bounced)
SELECT %(transmission)s, position, size, %(first)s + sum(size) OVER (ORDER BY position) - size, recipients,
       false, %(due)s, 0, 0, 0, 0
FROM transmissions_listchunk
WHERE recipient_list_id = (SELECT id FROM transmissions_recipientlist WHERE key = %(list)s)
"""


def expand_due() -> None:
    """Give every transmission to a list whose time has come its recipients."""
    waiting = Transmission.objects.filter(is_expanded=False, is_paused=False)
    due = waiting.filter(start_at__lte=clock.now()).order_by("start_at")
    for transmission_id, list_id in due.values_list("id", "list_id"):
        # Reserved beforehand: the counter is not held while recipients are copied. A gap does no harm.
        size = _size(list_id)
        _expand(transmission_id, size, numbers.reserve(size) if size else 0)


def _expand(transmission_id: int, size: int, first_number: int) -> None:
    """Copy the list; left for the next look if another worker is at it or the list has changed meanwhile."""
    with transaction.atomic():
        transmission = (
            Transmission.objects.select_for_update(skip_locked=True)
            .filter(id=transmission_id, is_expanded=False, is_paused=False)
            .first()
        )
        if transmission is None:
            return
        # Between counting and copying nobody may give the list more recipients than numbers were reserved for.
        list_store.lock(transmission.list_id)
        if _size(transmission.list_id) != size:
            return
        with connection.cursor() as cursor:
            cursor.execute(
                _COPY,
                {
                    "transmission": transmission_id,
                    "first": first_number,
                    "due": clock.now(),
                    "list": transmission.list_id,
                },
            )
        transmission.is_expanded = True
        transmission.num_rcpts = size
        if not size and transmission.state == Transmission.State.SUBMITTED:
            # Nobody is left on the list: generation is over before it began.
            transmission.state = Transmission.State.SUCCESS
            transmission.generation_started_at = transmission.generation_ended_at = clock.now()
        transmission.save()


def _size(list_id: str) -> int:
    found = ListChunk.objects.filter(recipient_list__key=list_id).aggregate(total=Sum("size"))
    return int(found["total"] or 0)
