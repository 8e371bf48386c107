"""How the event log is read as cells: the SQL that says which fact an event is, in one place.

Rollups are built with it and windows finer than a rollup are answered with it, so both count alike.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from reports.dimensions import DIMENSIONS
from reports.metrics import BOUNCES, ENGAGEMENT, MOST_RETRIES, REJECTIONS, TRACKED_BITS
from tracking.events import CLICK_TYPES, OPEN_TYPES, EventType

BUCKET_SECONDS = 900


def _listed(types: Iterable[str]) -> str:
    return ", ".join(f"'{kind}'" for kind in sorted(types))


_CLICKS, _OPENS, _ENGAGEMENT = _listed(CLICK_TYPES), _listed(OPEN_TYPES), _listed(ENGAGEMENT)
_REFUSALS = _listed({*BOUNCES, *REJECTIONS, EventType.DELAY})
# Contract 50 names a link without a name "Raw URL" in its events.
UNNAMED_LINK = "Raw URL"

BOUNCE_CLASS = f"CASE WHEN d.type IN ({_listed(BOUNCES)}) THEN coalesce(d.bounce_class, 0) ELSE 0 END"
RETRIES = (
    f"CASE WHEN d.type IN ('{EventType.DELIVERY}', '{EventType.DELAY}') "
    f"THEN least(d.num_retries, {MOST_RETRIES}) ELSE 0 END"
)
PREFETCHED = f"(d.type IN ({_OPENS}) AND d.is_prefetched)"
TRACKED = f"CASE WHEN d.type = '{EventType.DELIVERY}' THEN d.sent_with & {TRACKED_BITS} ELSE 0 END"
MACHINE = f"(d.type IN ({_ENGAGEMENT}) AND d.traffic IN ('prefetch', 'scanner'))"
DETAIL = f"CASE WHEN d.type IN ({_CLICKS}) THEN d.link_label WHEN d.type IN ({_REFUSALS}) THEN d.reason ELSE '' END"
UNNAMED = f"(d.type IN ({_CLICKS}) AND coalesce(d.data->>'target_link_name' = '{UNNAMED_LINK}', false))"
MESSAGES = f"array_agg(DISTINCT d.message) FILTER (WHERE d.type IN ({_ENGAGEMENT}))"


@dataclass(frozen=True, slots=True)
class Cell:
    """Events of one quarter hour that share dimensions and fact; `messages` are the distinct message numbers."""

    bucket: datetime
    dimensions: tuple[str, ...]
    type: str
    bounce_class: int
    retries: int
    prefetched: bool
    tracked: int
    machine: bool
    detail: str
    unnamed: bool
    count: int
    msg_size: int
    queue_time: int
    messages: list[int] | None


_CELLS = f"""
    SELECT date_bin('{BUCKET_SECONDS} seconds', d.happened_at, 'epoch'),
           {", ".join(f"d.{name}" for name in DIMENSIONS)},
           d.type, {BOUNCE_CLASS}, {RETRIES}, {PREFETCHED}, {TRACKED}, {MACHINE}, {DETAIL}, {UNNAMED},
           count(*), sum(d.msg_size)::bigint, sum(d.queue_time)::bigint, {MESSAGES}
    FROM tracking_event d {{}}
    GROUP BY {", ".join(str(position) for position in range(1, len(DIMENSIONS) + 10))}
"""  # noqa: S608 (our own names)


def written_between(start: int, end: int) -> Iterator[Cell]:
    """What transactions `start` <= id < `end` wrote, as cells of full dimensions."""
    return _cells("WHERE d.xid >= %s::text::xid8 AND d.xid < %s::text::xid8", [str(start), str(end)])


def of_events(events: Sequence[tuple[datetime, UUID]]) -> list[Cell]:
    """Some events as cells, each named by its time and id."""
    times, ids = [at for at, _ in events], [event_id for _, event_id in events]
    chosen = (
        "JOIN unnest(%s::timestamptz[], %s::uuid[]) AS u(happened_at, event_id) "
        "ON u.happened_at = d.happened_at AND u.event_id = d.event_id WHERE d.happened_at BETWEEN %s AND %s"
    )
    return list(_cells(chosen, [times, ids, min(times), max(times)]))


def of_messages(messages: Sequence[int], start: datetime, end: datetime, before: int) -> list[Cell]:
    """What transactions below `before` wrote of opens and clicks of some messages from `start` to before `end`."""
    chosen = (
        f"WHERE d.message = ANY(%s) AND d.happened_at >= %s AND d.happened_at < %s AND d.type IN ({_ENGAGEMENT}) "
        "AND d.xid < %s::text::xid8"
    )
    return list(_cells(chosen, [list(messages), start, end, str(before)]))


def _cells(chosen: str, values: list[Any]) -> Iterator[Cell]:
    width = len(DIMENSIONS) + 1
    with connection.cursor() as cursor:
        cursor.execute(_CELLS.format(chosen), values)
        for row in cursor:
            yield Cell(row[0], row[1:width], *row[width:])


def log_start() -> datetime | None:
    """The time of the oldest event in the log; None when it is empty. Retention cuts the log, not the rollups."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(happened_at) FROM tracking_event")
        found: tuple[datetime | None] = cursor.fetchone()
    return found[0]
