"""When people open and click, and with what and where: by hour of the week, client, device, system, country."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.db import connection

from reports import engine, log_cells, periods
from reports.conditions import where
from reports.metrics import ENGAGEMENT
from reports.periods import Precision, Window
from reports.questions import Filters, Question
from tracking.events import CLICK_TYPES

DAYS_OF_WEEK, HOURS_OF_DAY = 7, 24
OPENED, CLICKED, CLICKS = "count_unique_confirmed_opened", "count_unique_clicked", "count_clicked"
# Unlike rollups, the log is read as a whole for these; a page that refreshes asks anew only so often.
REFRESHED_S = 30
_KEPT = 32
_MOST_VALUES = 20_000

# Title -> what of an event it groups by. Hits without the field are told as unknown.
BREAKDOWNS: Mapping[str, str] = {
    "Client": "coalesce(x.user_agent_parsed->>'agent_family', '')",
    "System": "coalesce(x.user_agent_parsed->>'os_family', '')",
    "Device": "coalesce(x.user_agent_parsed->>'device_family', '')",
    "Country": "coalesce(x.geo_ip->>'country', '')",
    "Domain": "d.recipient_domain",
}


@dataclass(frozen=True, slots=True)
class Hits:
    """Messages opened or clicked, messages clicked, and clicks."""

    opened: int = 0
    clicked: int = 0
    clicks: int = 0


Week = list[list[Hits]]
Breakdowns = dict[str, dict[str, Hits]]


def week(window: Window, filters: Filters, now: datetime) -> Week:
    """Seven days from Monday with 24 hours each, on the clock of the window's zone.

    A message that is opened in three different hours counts in each of them, once.
    """
    return _week(window, filters, int(now.timestamp()) // REFRESHED_S)


@lru_cache(maxsize=_KEPT)
def _week(window: Window, filters: Filters, _: int) -> Week:
    hours = periods.edges(window, Precision.HOUR)
    edges = (window.start, *(edge for edge in hours if window.start < edge < window.end), window.end)
    found = engine.series(Question((OPENED, CLICKED, CLICKS), edges, filters))
    counts = [[Hits() for _ in range(HOURS_OF_DAY)] for _ in range(DAYS_OF_WEEK)]
    for edge, values in zip(edges, found, strict=False):
        local = edge.astimezone(window.zone)
        before = counts[local.weekday()][local.hour]
        counts[local.weekday()][local.hour] = Hits(
            before.opened + values[OPENED], before.clicked + values[CLICKED], before.clicks + values[CLICKS]
        )
    return counts


def breakdowns(window: Window, filters: Filters, now: datetime) -> Breakdowns:
    """Title -> value -> distinct messages opened and clicked, and clicks; "" for hits that do not say."""
    return _breakdowns(window, filters, int(now.timestamp()) // REFRESHED_S)


@lru_cache(maxsize=_KEPT)
def _breakdowns(window: Window, filters: Filters, _: int) -> Breakdowns:
    condition, values = where(filters)
    people = f"AND NOT {log_cells.MACHINE}" if filters.people_only else ""
    columns = ", ".join(f"{sql} AS b{index}" for index, sql in enumerate(BREAKDOWNS.values()))
    names = [f"b{index}" for index in range(len(BREAKDOWNS))]
    query = (
        f"WITH hits AS MATERIALIZED (SELECT d.message, d.type = ANY(%s) AS is_click, {columns} "  # noqa: S608
        "FROM tracking_event d, json_to_record(d.data) AS x(user_agent_parsed json, geo_ip json) "
        "WHERE d.happened_at >= %s AND d.happened_at < %s AND d.type = ANY(%s) "
        f"AND {condition} {people}) SELECT grouping({', '.join(names)}), {', '.join(names)}, "
        "count(DISTINCT message), count(DISTINCT message) FILTER (WHERE is_click), "
        "count(*) FILTER (WHERE is_click) FROM hits "
        f"GROUP BY GROUPING SETS ({', '.join(f'({name})' for name in names)}) LIMIT %s"
    )
    clicks, engaged = (sorted(kind.value for kind in types) for types in (CLICK_TYPES, ENGAGEMENT))
    found: Breakdowns = {title: {} for title in BREAKDOWNS}
    titles, width = list(BREAKDOWNS), len(BREAKDOWNS)
    with connection.cursor() as cursor:
        cursor.execute(query, [clicks, window.start, window.end, engaged, *values, _MOST_VALUES])
        for mask, *row in cursor.fetchall():
            # GROUPING sets the bits of the columns that a row is not grouped by.
            index = next(number for number in range(width) if not mask >> (width - 1 - number) & 1)
            found[titles[index]][row[index]] = Hits(*row[width:])
    return found


def forget() -> None:
    """Let go of everything at hand."""
    _week.cache_clear()
    _breakdowns.cache_clear()
