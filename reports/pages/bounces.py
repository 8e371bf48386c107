"""The Bounces report: by category, by type, and by reason (contract 90 §5)."""

from dataclasses import replace
from typing import Any

from reports import reasons
from reports.classification import CLASSES, Category
from reports.metrics import Unit, percentage
from reports.pages import bars, classifications, presentation
from reports.pages.asked import Asked
from reports.pages.bars import Bar
from reports.pages.column_filters import column_filter
from reports.pages.measures import measure, metrics_of
from reports.pages.report import Part, Report, table_parts
from reports.pages.state import Query, Sorting
from reports.pages.tables import Cell, Column, Row, Table
from reports.questions import DETAIL
from reports.reasons import Breakdown

_HEADS = ("count_targeted", "count_accepted", "count_bounce", "bounce_rate")
# In the order of the original's graph.
_CATEGORIES = (Category.BLOCK, Category.HARD, Category.ADMIN, Category.SOFT, Category.UNDETERMINED)
_BANDS = (("inband", "In-Band"), ("outofband", "Out-of-Band"))
_COLUMNS = (
    Column("name", "Name"),
    Column("category", "Bounce Category"),
    Column("classification", "Bounce Classification"),
    Column("count", "Count", Unit.COUNT),
    Column("total", "Total", Unit.PERCENT, "Count / Bounces. Rows of category Admin are not among the Bounces."),
    Column("inband", "In-Band %", Unit.PERCENT),
    Column("outofband", "Out-of-Band %", Unit.PERCENT),
)


def _measures(key: str) -> tuple[str, str]:
    return f"count_{key}_bounce", f"{key}_bounce_rate"


_GRAPHED = tuple(
    name
    for key in (*(category.name.lower() for category in _CATEGORIES), "inband", "outofband")
    for name in _measures(key)
)


def figures(asked: Asked) -> dict[str, Any]:
    values = asked.total(*metrics_of(map(measure, (*_HEADS, *_GRAPHED))))
    shown = presentation.shown_table(asked, _table(asked, values["count_bounce"]), "bounces")
    by_category = [_category_bar(asked, category, values) for category in _CATEGORIES]
    by_band = [_bar(asked, key, label, values) for key, label in _BANDS]
    return {
        "heads": presentation.heads(asked, _HEADS, values),
        "categories": bars.shown("Category", by_category, asked.formats),
        "bands": bars.shown("Type", by_band, asked.formats),
        "classifications": classifications.shown(asked) if classifications.opened(asked.state) else None,
        **shown,
    }


def _bar(asked: Asked, key: str, label: str, values: dict[str, int]) -> Bar:
    count, rate = (asked.figure(measure(name), values) for name in _measures(key))
    return Bar(key, label, count, rate)


def _category_bar(asked: Asked, category: Category, values: dict[str, int]) -> Bar:
    is_open = classifications.opened(asked.state) is category
    toggle = replace(asked.state, opened="" if is_open else category.name.lower(), inner="").query()
    return replace(_bar(asked, category.name.lower(), category.label, values), toggle=toggle, opened=is_open)


def table(asked: Asked) -> Table:
    """One row for each reason and classification."""
    return _table(asked, asked.total("count_bounce")["count_bounce"])


def _table(asked: Asked, bounces: int) -> Table:
    found = reasons.bounces(asked.question(reasons.BOUNCE_METRICS, DETAIL))
    rows = [Row(_cells(row, bounces)) for row in found if _is_wanted(asked, row)]
    note = "" if asked.state.categories or asked.state.classes else "without category Admin"
    return Table("reasons", "Reasons", _COLUMNS, rows, "No bounces to report", note)


def _is_wanted(asked: Asked, row: Breakdown) -> bool:
    """Rows of category Admin, which are not among the Bounces, only where a filter asks for them."""
    categories, classes = asked.state.categories, asked.state.classes
    if not categories and not classes:
        return not reasons.is_admin(row)
    category = CLASSES[row.code].category.label
    return (not categories or category in categories) and (not classes or str(row.code) in classes)


def _cells(row: Breakdown, bounces: int) -> tuple[Cell, ...]:
    """Rows of category Admin have a count, and no shares: `Bounces` leaves them out."""
    entry, count = CLASSES[row.code], row.values["count_bounce"]
    named = (row.group[0], entry.category.label, entry.name)
    if reasons.is_admin(row):
        return (*named, row.values["count_admin_bounce"], None, None, None)
    bands = (percentage(row.values[f"count_{key}_bounce"], count) for key, _ in _BANDS)
    return (*named, count, percentage(count, bounces), *bands)


def controls(asked: Asked) -> dict[str, Any]:
    categories = [(category.label, category.label) for category in _CATEGORIES]
    classes = [(str(entry.code), entry.name) for entry in CLASSES.values()]
    return {
        "column_filters": [
            column_filter(asked.state, "category", "Bounce Category", categories),
            column_filter(asked.state, "class", "Bounce Classification", classes),
        ]
    }


def sorting(_: Query) -> Sorting:
    return Sorting(tuple(column.key for column in _COLUMNS), "count")


BOUNCES = Report(
    "bounces",
    "reports/bounces.html",
    (
        Part("heads", "reports/heads.html"),
        Part("graphs", "reports/bounce_graphs.html"),
        *table_parts("reasons"),
    ),
    figures,
    {"reasons": table, "classifications": classifications.table},
    sorting,
    controls,
)
