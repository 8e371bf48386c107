"""The values of one dimension that occur in the data (contract 80 §10); also what search boxes suggest."""

from datetime import datetime
from typing import Any

from django.db import connection

from reports.dimensions import CAMPAIGN_DIMENSIONS, DIMENSIONS, NODE, SUBJECT
from reports.rollup_store import CAMPAIGN, FULL
from reports.rollups import bucket_of

_EVENT_COLUMNS = {SUBJECT: "d.subject_campaign", NODE: "d.data->>'node_name'"}


def occurring(
    field: str,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    match: str = "",
    limit: int | None = None,
) -> list[str]:
    """Distinct non-empty values, ascending; `match` is a part of them in any case.

    `start` and `end` hold to the quarter hour for dimensions that rollups keep.
    """
    if field in DIMENSIONS:
        column, source, conditions, values = _from_rollups(field, start, end)
    else:
        column, source, conditions, values = _from_log(field, start, end)
    conditions.append(f"{column} <> ''")
    if match:
        conditions.append(f"position(lower(%s) IN lower({column})) > 0")
        values.append(match)
    query = f"SELECT DISTINCT {column} FROM {source} WHERE {' AND '.join(conditions)} ORDER BY 1"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(f"{query} LIMIT %s", [*values, limit])
        return [row[0] for row in cursor.fetchall()]


_Query = tuple[str, str, list[str], list[Any]]


def _from_rollups(field: str, start: datetime | None, end: datetime | None) -> _Query:
    if start is None and end is None:
        return f"d.{field}", "reports_dimensions d", [], []
    table = CAMPAIGN if field in CAMPAIGN_DIMENSIONS else FULL
    window, values = _between("r.bucket", start and bucket_of(start), end)
    occurs = f"d.id IN (SELECT r.dimensions FROM {table} r WHERE {window})"  # noqa: S608
    return f"d.{field}", "reports_dimensions d", [occurs], values


def _from_log(field: str, start: datetime | None, end: datetime | None) -> _Query:
    window, values = _between("d.happened_at", start, end)
    return _EVENT_COLUMNS[field], "tracking_event d", [window], values


def _between(column: str, start: datetime | None, end: datetime | None) -> tuple[str, list[Any]]:
    conditions, values = ["TRUE"], list[Any]()
    if start is not None:
        conditions.append(f"{column} >= %s")
        values.append(start)
    if end is not None:
        conditions.append(f"{column} < %s")
        values.append(end)
    return " AND ".join(conditions), values
