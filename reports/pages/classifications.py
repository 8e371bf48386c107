"""What a category of bounces consists of: its classifications (contract 90 §5)."""

from dataclasses import replace
from typing import Any

from reports import reasons
from reports.classification import CLASSES, Category
from reports.metrics import Unit, percentage
from reports.pages import presentation, tables
from reports.pages.asked import Asked
from reports.pages.state import State
from reports.pages.tables import Column, Row, Table
from reports.reasons import Breakdown

_COLUMNS = (
    Column("classification", "Classification"),
    Column("count", "Count", Unit.COUNT),
    Column("percentage", "Percentage", Unit.PERCENT, "Count / bounces of the category."),
)


def opened(shown: State) -> Category | None:
    """The category whose classifications are shown."""
    return next((category for category in Category if category.name.lower() == shown.opened), None)


def table(asked: Asked) -> Table:
    """One row for each classification of the opened category; of all categories where none is open."""
    category = opened(asked.state)
    found = [
        row
        for row in reasons.bounces(asked.question(reasons.BOUNCE_METRICS))
        if category is None or CLASSES[row.code].category is category
    ]
    everything = sum(map(_count, found))
    rows = [Row((CLASSES[row.code].name, _count(row), percentage(_count(row), everything))) for row in found]
    title = "Classifications" if category is None else f"{category.label}: classifications"
    return Table("classifications", title, _COLUMNS, rows, "No bounces of this category", order=_order(asked.state))


def _count(row: Breakdown) -> int:
    return row.values["count_admin_bounce" if reasons.is_admin(row) else "count_bounce"]


def _order(shown: State) -> tuple[str, bool]:
    key = shown.inner.removeprefix("-")
    if key not in (column.key for column in _COLUMNS):
        return "count", True
    return key, shown.inner.startswith("-")


def shown(asked: Asked) -> dict[str, Any]:
    """The table as its template draws it; there are few enough classifications for one page."""
    found = table(asked)
    return {
        "title": found.title,
        "empty": found.empty,
        "columns": [_head(asked.state, column) for column in _COLUMNS],
        "rows": [
            presentation.shown_row(row, _COLUMNS, asked) for row in tables.ordered(found, "", descending=False)
        ],
        "csv_url": presentation.address("bounces", "classifications_csv", asked.state),
    }


def _head(shown: State, column: Column) -> dict[str, Any]:
    key, descending = _order(shown)
    turned = not descending if column.key == key else column.unit is not None
    return {
        "key": column.key,
        "label": column.label,
        "is_number": column.unit is not None,
        "query": replace(shown, inner=f"-{column.key}" if turned else column.key).query(),
        "direction": ("descending" if descending else "ascending") if column.key == key else "none",
    }
