"""Cancelling what has not been generated yet (contract 10 §13).

The state changes at once; workers then write an administrative bounce for each cancelled message.
"""

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

from momentum.lib import clock
from momentum.lib.errors import refuse
from tracking import configuration
from transmissions import hints
from transmissions.models import Chunk, Transmission

_State = Transmission.State


def cancel(transmission: Transmission) -> None:
    """Cancel a scheduled transmission.

    Raises ApiError `2003` inside the deletion window, `2006` when its generation has begun or it is over.
    """
    if transmission.state != _State.SUBMITTED:
        raise _not_deletable(transmission)
    window = max(configuration.current().scheduled_interval_delete, 60)
    if not transmission.is_scheduled or transmission.start_at - clock.now() <= timedelta(seconds=window):
        detail = f"Deletion time window ({window} seconds) doesn't permit transmission deletion"
        raise refuse("2003", detail)
    with transaction.atomic():
        # Conditional: a worker may have begun since it was read.
        canceled = Transmission.objects.filter(id=transmission.id, state=_State.SUBMITTED)
        if not canceled.update(state=_State.CANCELED, is_paused=False):
            transmission.refresh_from_db()
            raise _not_deletable(transmission)
        _make_due([transmission.id])


def cancel_campaign(campaign_id: str) -> None:
    """Cancel every message of a campaign that is not generated yet; nothing happens if there is none."""
    _cancel_rest(Transmission.objects.filter(campaign_id=campaign_id))


def cancel_rest(transmission_id: int) -> bool:
    """Cancel every message of a transmission that is not generated yet; False when its generation is over."""
    return bool(_cancel_rest(Transmission.objects.filter(id=transmission_id)))


def _cancel_rest(transmissions: QuerySet[Transmission]) -> int:
    with transaction.atomic():
        waiting = transmissions.filter(state__in=(_State.SUBMITTED, _State.GENERATING)).select_for_update()
        ids = list(waiting.order_by("id").values_list("id", flat=True))
        Transmission.objects.filter(id__in=ids).update(
            state=_State.CANCELED, is_paused=False, generation_ended_at=clock.now()
        )
        _make_due(ids)
    return len(ids)


def _make_due(transmission_ids: list[int]) -> None:
    """Workers find cancelled chunks as they find any other."""
    # Cancelled before its list was read: it is read at once, so that each recipient gets the event.
    Transmission.objects.filter(id__in=transmission_ids, is_expanded=False).update(start_at=clock.now())
    due = Chunk.objects.filter(transmission_id__in=transmission_ids, done_at=None)
    count = due.update(due_at=clock.now())
    transaction.on_commit(lambda: hints.generation(count or 1))


def _not_deletable(transmission: Transmission) -> Exception:
    words = {_State.GENERATING: "is in progress", _State.SUCCESS: "has completed", _State.CANCELED: "was canceled"}
    state = _State(transmission.state)
    detail = f"Transmission {transmission.id} {words.get(state, 'cannot be deleted')} (state={state.value})"
    return refuse("2006", detail)
