"""The graphs of Summary: one for each unit, as data for the script and as a table (contract 90 §4)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports import engine
from reports.metrics import Unit
from reports.pages import intervals, measures
from reports.pages.asked import Asked
from reports.pages.intervals import Intervals
from reports.pages.measures import Measure
from reports.questions import Question


@dataclass(frozen=True, slots=True)
class Series:
    """One measure over the intervals; `before` is empty where nothing is compared."""

    measure: Measure
    values: tuple[float | None, ...]
    before: tuple[float | None, ...] = ()


def series(asked: Asked, chosen: Sequence[Measure], found: Intervals) -> list[Series]:
    """Every measure over the intervals, and over those before where they are compared."""
    now = _read(asked, chosen, found.edges)
    before = _read(asked, chosen, found.before) if asked.state.compare else []

    def values(one: Measure, rows: list[dict[str, int]]) -> tuple[float | None, ...]:
        return tuple(asked.figure(one, row) for row in rows)

    return [Series(one, values(one, now), values(one, before)) for one in chosen]


def _read(asked: Asked, chosen: Sequence[Measure], edges: tuple[Any, ...]) -> list[dict[str, int]]:
    return engine.series(Question(measures.metrics_of(chosen), edges, asked.state.filters))


def data(asked: Asked, found: Intervals, lines: Sequence[Series]) -> str:
    """What the script draws, as JSON: the labels of the intervals and a graph for each unit that has lines."""
    return json.dumps(
        {
            "labels": [intervals.label(start, found, asked) for start in found.edges[:-1]],
            "ticks": [intervals.tick(start, found, asked) for start in found.edges[:-1]],
            "partial": sorted(found.partial),
            "language": asked.formats.language,
            "scale": asked.state.scale or "linear",
            "graphs": [
                {"unit": unit, "lines": drawn}
                for unit in Unit
                if (drawn := [_line(index, line) for index, line in enumerate(lines) if line.measure.unit is unit])
            ],
        }
    )


def _line(colour: int, line: Series) -> Mapping[str, Any]:
    return {
        "name": line.measure.name,
        "label": line.measure.label,
        "colour": colour + 1,
        "values": line.values,
        "before": line.before,
    }


def as_table(asked: Asked, found: Intervals, lines: Sequence[Series]) -> dict[str, Any]:
    """The same figures to be read; intervals that are cut short are marked."""
    return {
        "heads": [line.measure.label for line in lines],
        "rows": [
            {
                "label": intervals.label(start, found, asked),
                "partial": index in found.partial,
                "cells": [asked.formats.value(line.values[index], line.measure.unit) for line in lines],
            }
            for index, start in enumerate(found.edges[:-1])
        ],
    }
