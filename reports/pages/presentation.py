"""The frame of a report page, in the words and figures of its reader (contract 90 §1–§3, §8)."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.urls import reverse

from reports import listings
from reports.metrics import Unit
from reports.pages import state, tables, template_names
from reports.pages.asked import Asked
from reports.pages.formats import NOT_AVAILABLE, Formats
from reports.pages.measures import label, measure
from reports.pages.report import TITLES
from reports.pages.state import CUSTOM, PAGE_SIZES, PRESETS, Chip, State
from reports.pages.tables import Cell, Column, Page, Row, Table

__all__ = ["Asked", "controls", "label"]

_SUGGESTED_KINDS = ("campaigns", "domains", "templates", "sending_domains", "sending_ips", "ip_pools")
_SHORTEST_SEARCH, _SUGGESTIONS = 3, 8
LONGEST_SEARCH = 200
# What is written smaller, so that it need not be broken.
_LONG_FIGURE = 11
# Heads of columns wrap between words only.
_UNBROKEN_HYPHEN = "\u2011"


def controls(asked: Asked, report: str = "engagement") -> dict[str, Any]:
    """What the controls around the figures show."""
    shown = asked.state
    custom_zone = shown.zone or asked.zone_name
    return {
        "state": shown,
        "query": shown.query(),
        "menu": [
            {
                "label": title,
                "url": f"{reverse(f'reports:{name}')}?{_entered(shown, name, report)}",
                "chosen": name == report,
            }
            for name, title in TITLES.items()
        ],
        "presets": [
            {
                "label": label,
                "query": replace(shown, period=key, page=1).query(),
                "chosen": key == shown.period,
            }
            for key, (label, _) in PRESETS.items()
        ],
        "custom": {
            "chosen": shown.period == CUSTOM,
            "start": custom_value(asked, "start"),
            "end": custom_value(asked, "end"),
            "zone": custom_zone,
            "fields": fields(shown, "period", "from", "to", "timezone"),
        },
        "zone_fields": fields(shown, "timezone"),
        "own_zone_query": replace(shown, zone="", page=1).query(),
        "chips": [
            {"label": chip.label, "value": chip.value, "query": shown.remove(chip).query()} for chip in shown.chips
        ],
        "clear_query": replace(shown, chips=(), page=1).query(),
        "search_fields": fields(shown),
        "hits": [
            {
                "label": label,
                "chosen": people == shown.people_only,
                "query": replace(shown, people_only=people, page=1).query(),
            }
            for label, people in (("All hits", False), ("Without machines", True))
        ],
        "sizes": [
            {
                "size": size,
                "chosen": size == shown.size,
                "query": "&".join(filter(None, (replace(shown, page=1).query(size=False), f"size={size}"))),
            }
            for size in PAGE_SIZES
        ],
        "figures_url": address(report, "figures", shown),
        "suggestions_url": reverse(f"reports:{report}_suggestions"),
    }


def _entered(shown: State, name: str, report: str) -> str:
    return shown.query() if name == report else shown.elsewhere().query()


def address(report: str, name: str, shown: State) -> str:
    return f"{reverse(f'reports:{report}_{name}')}?{shown.query()}"


def fields(shown: State, *without: str) -> list[tuple[str, str]]:
    """The state as hidden fields of a form that goes back to the first page."""
    return [pair for pair in shown.fields() if pair[0] not in (*without, "page")]


def custom_value(asked: Asked, which: str) -> str:
    """What the inputs of the custom range start from: what was typed, else the period shown."""
    if asked.state.period == CUSTOM:
        return asked.state.custom_from if which == "start" else asked.state.custom_to
    moment = asked.period.start if which == "start" else state.shown_end(asked.period, asked.now)
    return f"{moment.astimezone(asked.zone):%Y-%m-%dT%H:%M}"


def period(asked: Asked) -> dict[str, Any]:
    """The period as people read it; only where there is nothing wrong with it."""
    window, formats = asked.period, asked.formats
    return {
        "period_start": formats.moment(window.start, asked.zone),
        "period_end": formats.moment(state.shown_end(window, asked.now), asked.zone),
        "reaches_now": window.end > asked.now,
    }


def suggestions(shown: State, typed: str) -> list[dict[str, str]]:
    """Values that contain what was typed, each with the query that adds it to the filters in force."""
    part = typed.strip()[:LONGEST_SEARCH].replace("\0", "")
    if len(part) < _SHORTEST_SEARCH:
        return []
    return [
        {"label": chip.label, "value": value, "query": shown.add(chip).query()}
        for kind in _SUGGESTED_KINDS
        for value in _matching(kind, part)
        if (chip := Chip(kind, value))
    ]


def _matching(kind: str, part: str) -> list[str]:
    found = listings.occurring(state.FILTERS[kind][1], match=part, limit=_SUGGESTIONS)
    if kind != "templates":
        return found
    # Also by label; what mail has used and is deleted since stays on offer by its id.
    return sorted({*found, *template_names.matching(part, _SUGGESTIONS)})[:_SUGGESTIONS]


# Figures and tables


def heads(asked: Asked, names: Iterable[str], values: dict[str, int]) -> list[dict[str, Any]]:
    """The figures at the head of a report."""
    shown = []
    for one in map(measure, names):
        value = asked.figure(one, values)
        text = asked.formats.value(value, one.unit)
        shown.append(
            {
                "name": one.name,
                "label": one.label,
                "description": one.description,
                "value": text,
                "is_long": len(text) > _LONG_FIGURE,
                "hint": asked.formats.hint(value, one.unit),
            }
        )
    return shown


def shown_table(asked: Asked, table: Table, report: str) -> dict[str, Any]:
    """One page of a table with its heads, its page controls and where to save it."""
    shown = asked.state
    rows = tables.ordered(table, shown.sort, descending=shown.descending)
    page = tables.page(rows, shown.page, shown.size)
    return {
        "table": {
            "key": table.key,
            "title": table.title,
            "note": table.note,
            "empty": table.empty,
            "columns": columns(shown, table.columns),
            "rows": [shown_row(row, table.columns, asked) for row in page.rows],
            "csv_url": address(report, f"{table.key}_csv", shown),
        },
        "pages": pages(shown, page, asked.formats),
    }


def columns(shown: State, found: Iterable[Column]) -> list[dict[str, Any]]:
    """The heads of a table's columns, each with the query that sorts by it."""
    return [
        {
            "key": column.key,
            "label": column.label.replace("-", _UNBROKEN_HYPHEN),
            "description": column.description,
            "is_number": column.unit is not None,
            "query": shown.sorted_by(column.key).query(),
            "direction": ("descending" if shown.descending else "ascending")
            if column.key == shown.sort
            else "none",
        }
        for column in found
    ]


def shown_row(row: Row, found: Iterable[Column], asked: Asked) -> dict[str, Any]:
    cells = list(zip(row.cells, found, strict=True))
    return {
        "name": row.cells[0],
        "mark": row.mark,
        "query": "" if row.chip is None else asked.state.add(row.chip).query(),
        "cells": [
            {
                "text": shown_cell(cell, column, asked.formats),
                "hint": "" if isinstance(cell, str) or not column.unit else asked.formats.hint(cell, column.unit),
                "is_number": column.unit is not None,
            }
            for cell, column in cells[1:]
        ],
    }


def shown_cell(cell: Cell, column: Column, formats: Formats) -> str:
    if cell is None:
        return NOT_AVAILABLE
    if isinstance(cell, str):
        return cell
    if column.unit is Unit.PERCENT:
        return formats.percent(cell, aligned=True)
    return formats.value(cell, column.unit or Unit.COUNT)


def pages(shown: State, page: Page[Any], formats: Formats) -> dict[str, Any]:
    def query(number: int) -> str:
        return replace(shown, page=number).query()

    first = (page.number - 1) * shown.size + 1
    return {
        "any": bool(page.rows),
        "count": formats.count(page.count),
        "first": formats.count(first),
        "last": formats.count(first + len(page.rows) - 1),
        "several": page.last > 1,
        "number": page.number,
        "at_first": page.number == 1,
        "at_last": page.number == page.last,
        "to_first": query(1),
        "to_previous": query(max(1, page.number - 1)),
        "to_next": query(min(page.last, page.number + 1)),
        "to_last": query(page.last),
        "numbers": [(number, formats.count(number), query(number)) for number in page.numbers],
    }
