"""Changing rows of the event log for the sake of the people in them, batch by batch.

With new verdicts (tracking.revisions) the only changes that the log knows. A row keeps the id of the
transaction that wrote it, so that no reader sees it twice, and everything that rollups are made of, so that
they come out the same when they are made again.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
from django.db import connection, transaction

from momentum.lib import clock
from tracking import log, personal
from tracking.events import CLICK_TYPES, OPEN_TYPES, EventType
from tracking.models import Cleaned
from tracking.retention import midnight

_HIT_DETAILS = "hit details"
_HIT_TYPES = sorted({*OPEN_TYPES, *CLICK_TYPES, EventType.LINK_UNSUBSCRIBE, EventType.LIST_UNSUBSCRIBE})
# Rows of one transaction: some tens of milliseconds.
BATCH = 1000


def erase(addresses: Collection[str], batch: int = BATCH) -> Counter[str]:
    """Erase up to `batch` events of these people (lower-case addresses): how many of each, nothing when over."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT happened_at, event_id, rcpt_to, type, link_label, data::text FROM tracking_event "
            "WHERE rcpt_to = ANY(%s) LIMIT %s FOR UPDATE",
            [list(addresses), batch],
        )
        rows = cursor.fetchall()
        _rewrite(
            (happened_at, event_id, "", personal.erased_data(event_type, label, msgspec.json.decode(data)))
            for happened_at, event_id, _, event_type, label, data in rows
        )
    return Counter(row[2] for row in rows)


def drop_hit_details(kept_days: int, batches: int) -> bool:
    """Take address, agent and language out of hits older than so many days, in at most so many batches.

    True when it is not over yet. A day that is finished is not looked at again: the recorder stores hits that
    come later than that without these details (tracking.personal).
    """
    last = clock.now().date() - timedelta(days=kept_days)
    day = _first_day(last)
    while day is not None and day < last:
        while _drop_of_day(day) == BATCH:
            batches -= 1
            if batches <= 0:
                return True
        day += timedelta(days=1)
        Cleaned.objects.update_or_create(name=_HIT_DETAILS, defaults={"until": day})
    return False


def _first_day(last: date) -> date | None:
    """The first day that is not clean yet; None when the log is empty."""
    cleaned = Cleaned.objects.filter(name=_HIT_DETAILS).first()
    if cleaned is not None:
        return cleaned.until
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(happened_at) FROM tracking_event WHERE happened_at < %s", [midnight(last)])
        oldest: datetime | None = cursor.fetchone()[0]
    return None if oldest is None else oldest.date()


def _drop_of_day(day: date) -> int:
    present = " OR ".join(f"data->>'{name}' IS NOT NULL" for name in personal.HIT_DETAILS)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT happened_at, event_id, rcpt_to, data::text FROM tracking_event "  # noqa: S608 (our own names)
            f"WHERE happened_at >= %s AND happened_at < %s AND type = ANY(%s) AND ({present}) LIMIT %s FOR UPDATE",
            [midnight(day), midnight(day + timedelta(days=1)), _HIT_TYPES, BATCH],
        )
        rows = cursor.fetchall()
        _rewrite(
            (happened_at, event_id, rcpt_to, personal.without_details(msgspec.json.decode(data)))
            for happened_at, event_id, rcpt_to, data in rows
        )
    return len(rows)


def _rewrite(rows: Iterable[tuple[Any, Any, str, dict[str, Any]]]) -> None:
    """Store recipient and data of rows, named by time and id.

    In Python, not by jsonb in SQL, which would lose the order of keys in metadata and refuse NUL characters.
    """
    texts = [(when, event_id, to, log.as_json(data)) for when, event_id, to, data in rows]
    if not texts:
        return
    columns = zip(*texts, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE tracking_event AS e SET rcpt_to = new.rcpt_to, data = new.data::json "
            "FROM unnest(%s::timestamptz[], %s::uuid[], %s::text[], %s::text[]) "
            "AS new(happened_at, event_id, rcpt_to, data) "
            "WHERE e.happened_at = new.happened_at AND e.event_id = new.event_id",
            [list(column) for column in columns],
        )
