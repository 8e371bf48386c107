"""The report of habits: opens and clicks by hour of the week, and by client, system, device, country and domain."""

import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import formats as django_formats
from django.utils import translation

from reports.drilldown import habits
from reports.drilldown.habits import Hits
from reports.metrics import Unit, percentage
from reports.pages import presentation
from reports.pages.asked import Asked
from reports.pages.report import Part, Report
from reports.pages.state import Query, Sorting
from reports.pages.tables import Column, Row, Table

_MONDAY = datetime(2024, 1, 1)  # noqa: DTZ001 (only its weekday matters)
_SHADES = 8
_SHOWN = 12
_SHOWING: Mapping[str, tuple[str, Callable[[Hits], int]]] = {
    "opens": ("Opens", lambda hits: hits.opened),
    "clicks": ("Clicks", lambda hits: hits.clicks),
}
_COLUMNS = (
    Column("breakdown", "By"),
    Column("name", "Name"),
    Column("opened", "Messages opened", Unit.COUNT),
    Column("clicked", "Messages clicked", Unit.COUNT),
    Column("clicks", "Clicks", Unit.COUNT),
)
_IN_ORDER = ("", False)


def figures(asked: Asked) -> dict[str, Any]:
    week = habits.week(asked.period, asked.state.filters, asked.now)
    return {
        "maps": [_map(asked, key, week) for key in _SHOWING],
        "hours": [f"{hour:02}" for hour in range(habits.HOURS_OF_DAY)],
        "breakdowns": [
            _breakdown(asked, title, found)
            for title, found in habits.breakdowns(asked.period, asked.state.filters, asked.now).items()
        ],
    }


def _map(asked: Asked, key: str, week: habits.Week) -> dict[str, Any]:
    """One heat map; the darkest shade is that of the hour with the most."""
    title, figure = _SHOWING[key]
    most = max(figure(hits) for day in week for hits in day)
    return {
        "key": key,
        "title": title,
        "rows": [
            {
                "day": _weekday(index, asked),
                "cells": [_cell(asked, figure(hits), most) for hits in day],
                "total": asked.formats.count(sum(map(figure, day))),
            }
            for index, day in enumerate(week)
        ],
    }


def _cell(asked: Asked, value: int, most: int) -> dict[str, Any]:
    return {"value": asked.formats.count(value), "shade": _shade(value, most)}


def _weekday(index: int, asked: Asked) -> str:
    with translation.override(asked.formats.language):
        return django_formats.date_format(_MONDAY + timedelta(days=index), "D")


def _shade(value: int, most: int) -> int:
    """0 for nothing, else 1 to 8. By square root: the hour of a mailing would leave all others pale."""
    return math.ceil(_SHADES * math.sqrt(value / most)) if value else 0


def _breakdown(asked: Asked, title: str, found: Mapping[str, Hits]) -> dict[str, Any]:
    ordered = sorted(found.items(), key=lambda pair: (-pair[1].opened, pair[0]))
    most = max((hits.opened for hits in found.values()), default=0)
    formats = asked.formats
    return {
        "title": title,
        "rows": [
            {
                "name": name or "Unknown",
                "opened": formats.count(hits.opened),
                "clicked": formats.count(hits.clicked),
                "clicks": formats.count(hits.clicks),
                "length": f"{percentage(hits.opened, most):.1f}",
            }
            for name, hits in ordered[:_SHOWN]
        ],
        "more": max(0, len(ordered) - _SHOWN),
    }


def week_table(asked: Asked) -> Table:
    """Every hour of the week."""
    columns = (
        Column("day", "Day"),
        Column("hour", "Hour"),
        *_COLUMNS[2:],
    )
    week = habits.week(asked.period, asked.state.filters, asked.now)
    rows = [
        Row((_weekday(index, asked), f"{hour:02}:00", hits.opened, hits.clicked, hits.clicks))
        for index, day in enumerate(week)
        for hour, hits in enumerate(day)
    ]
    return Table("week", "Hours of the week", columns, rows, "", order=_IN_ORDER)


def breakdown_table(asked: Asked) -> Table:
    """Every value of every breakdown, those with the most first."""
    rows = [
        Row((title, name, hits.opened, hits.clicked, hits.clicks))
        for title, found in habits.breakdowns(asked.period, asked.state.filters, asked.now).items()
        for name, hits in sorted(found.items(), key=lambda pair: (-pair[1].opened, pair[0]))
    ]
    return Table("breakdowns", "Breakdowns", _COLUMNS, rows, "", order=_IN_ORDER)


def controls(asked: Asked) -> dict[str, Any]:
    return {
        "week_csv_url": presentation.address("habits", "week_csv", asked.state),
        "breakdowns_csv_url": presentation.address("habits", "breakdowns_csv", asked.state),
    }


def _no_sorting(_: Query) -> Sorting:
    return Sorting((), "")


HABITS = Report(
    "habits",
    "reports/drilldown/habits.html",
    (Part("maps", "reports/drilldown/maps.html"), Part("breakdowns", "reports/drilldown/breakdowns.html")),
    figures,
    {"week": week_table, "breakdowns": breakdown_table},
    sorting=_no_sorting,
    controls=controls,
)
