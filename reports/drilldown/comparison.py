"""The Compare report: campaigns or templates side by side."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from reports.drilldown import comparing
from reports.drilldown.comparing import ACCEPTED, CLICKED, OPENED, Compared, Curve
from reports.metrics import Unit, percentage
from reports.pages import funnel, presentation
from reports.pages.asked import Asked
from reports.pages.measures import label
from reports.pages.report import Part, Report
from reports.pages.state import Query, Sorting
from reports.pages.tables import Column, Row, Table
from reports.periods import DAY, HOUR

_RATES = (("Opened", OPENED), ("Clicked", CLICKED))
_IN_ORDER = ("", False)


def figures(asked: Asked) -> dict[str, Any]:
    chips, left_out = comparing.chosen(asked)
    rows = comparing.compared(asked, chips)
    step, opened = comparing.curves(asked, rows, OPENED)
    return {
        "rows": [_shown(asked, index, row) for index, row in enumerate(rows)],
        "left_out": max(0, left_out),
        "most": comparing.MOST,
        "steps": [label(name) for name in funnel.STEPS],
        "graph_data": _graph(asked, rows, step, opened),
        "curves": _table_of(asked, step, opened),
    }


def _shown(asked: Asked, index: int, row: Compared) -> dict[str, Any]:
    formats = asked.formats
    return {
        "number": index + 1,
        "name": row.chip.value,
        "kind": row.chip.label,
        "query": comparing.alone(asked, row.chip).state.elsewhere().query(),
        "bars": [
            {
                "label": label(step.name),
                "count": formats.count(step.value),
                "share": formats.percent(step.of_targeted),
                "length": f"{min(100.0, step.of_targeted):.2f}",
                "shade": number + 1,
            }
            for number, step in enumerate(funnel.steps(row.values))
        ],
        "rates": [_rate(asked, name, row.values[metric], row.values[ACCEPTED]) for name, metric in _RATES],
    }


def _rate(asked: Asked, name: str, part: int, whole: int) -> dict[str, str]:
    found, formats = comparing.interval(part, whole), asked.formats
    return {
        "label": name,
        "value": formats.percent(percentage(part, whole)),
        "interval": f"{formats.percent(found[0])} – {formats.percent(found[1])}" if found else "",
    }


def _graph(asked: Asked, rows: Sequence[Compared], step: timedelta, curves: Sequence[Curve]) -> str:
    """In the form that static/reports/graphs.js draws."""
    colours = {row.chip: index + 1 for index, row in enumerate(rows)}
    labels = _labels(step, curves)
    lines = [
        {
            "name": curve.chip.value,
            "label": curve.chip.value,
            "colour": colours[curve.chip],
            "values": curve.values,
            "before": [],
        }
        for curve in curves
    ]
    return json.dumps(
        {
            "labels": labels,
            "ticks": labels,
            "partial": [],
            "language": asked.formats.language,
            "scale": "linear",
            "graphs": [{"unit": Unit.PERCENT, "lines": lines}] if lines else [],
        }
    )


def _labels(step: timedelta, curves: Sequence[Curve]) -> list[str]:
    """How long after sending each point lies: its figures reach up to there."""
    return [_since((number + 1) * step) for number in range(len(curves[0].values) if curves else 0)]


def _since(passed: timedelta) -> str:
    if passed % DAY == timedelta(0):
        return f"{passed // DAY} d"
    if passed % HOUR == timedelta(0):
        days, rest = divmod(passed, DAY)
        return f"{days} d {rest // HOUR} h" if days else f"{rest // HOUR} h"
    hours, rest = divmod(passed, HOUR)
    return f"{hours}:{rest // timedelta(minutes=1):02} h"


def _table_of(asked: Asked, step: timedelta, curves: Sequence[Curve]) -> dict[str, Any]:
    return {
        "heads": [curve.chip.value for curve in curves],
        "rows": [
            {"label": name, "cells": [asked.formats.value(curve.values[index], Unit.PERCENT) for curve in curves]}
            for index, name in enumerate(_labels(step, curves))
        ],
    }


_COLUMNS = (
    Column("name", "Name"),
    *(Column(name, label(name), Unit.COUNT) for name in funnel.STEPS),
    *(
        Column(f"{name}_{which}", f"{name}, {words} (% of Accepted)", Unit.PERCENT)
        for name, _ in _RATES
        for which, words in (("rate", "rate"), ("low", "low end"), ("high", "high end"))
    ),
)


def table(asked: Asked) -> Table:
    """One row for each of what is compared, with the ends of the 95 % intervals."""
    chips, _ = comparing.chosen(asked)
    rows = []
    for row in comparing.compared(asked, chips):
        cells: list[str | int | float | None] = [row.chip.value, *(row.values[name] for name in funnel.STEPS)]
        for _, metric in _RATES:
            part, whole = row.values[metric], row.values[ACCEPTED]
            cells += [percentage(part, whole), *(comparing.interval(part, whole) or (None, None))]
        rows.append(Row(tuple(cells)))
    return Table("compared", "Compared", _COLUMNS, rows, "Nothing to compare", order=_IN_ORDER)


def controls(asked: Asked) -> dict[str, Any]:
    return {"csv_url": presentation.address("comparison", "compared_csv", asked.state)}


def _no_sorting(_: Query) -> Sorting:
    return Sorting((), "")


COMPARISON = Report(
    "comparison",
    "reports/drilldown/comparison.html",
    (
        Part("compared", "reports/drilldown/compared.html"),
        Part("series-table", "reports/drilldown/curve_table.html", "table"),
        Part("graph-data", "reports/graph_data.html"),
    ),
    figures,
    {"compared": table},
    sorting=_no_sorting,
    controls=controls,
)
