"""The Rejections report (contract 90 §5)."""

from typing import Any

from reports import reasons
from reports.metrics import Unit
from reports.pages import presentation
from reports.pages.asked import Asked
from reports.pages.column_filters import column_filter
from reports.pages.measures import measure, metrics_of
from reports.pages.report import Part, Report, table_parts
from reports.pages.state import Query, Sorting
from reports.pages.tables import Column, Row, Table
from reports.questions import DETAIL

_HEADS = ("count_targeted", "count_injected", "count_rejected", "rejection_rate")
_COLUMNS = (Column("name", "Name"), Column("category", "Category"), Column("count", "Count", Unit.COUNT))
_CATEGORIES = tuple((name, name) for name in reasons.REJECTION_TYPES.values())


def figures(asked: Asked) -> dict[str, Any]:
    values = asked.total(*metrics_of(map(measure, _HEADS)))
    return {
        "heads": presentation.heads(asked, _HEADS, values),
        **presentation.shown_table(asked, table(asked), "rejections"),
    }


def table(asked: Asked) -> Table:
    """One row for each reason and category."""
    found = reasons.rejections(asked.question(("count_rejected",), DETAIL))
    rows = [
        Row((row.group[0], reasons.REJECTION_TYPES[row.code], row.values["count_rejected"]))
        for row in found
        if not asked.state.categories or reasons.REJECTION_TYPES[row.code] in asked.state.categories
    ]
    return Table("reasons", "Reasons", _COLUMNS, rows, "No rejections to report")


def controls(asked: Asked) -> dict[str, Any]:
    return {"column_filters": [column_filter(asked.state, "category", "Category", _CATEGORIES)]}


def sorting(_: Query) -> Sorting:
    return Sorting(tuple(column.key for column in _COLUMNS), "count")


REJECTIONS = Report(
    "rejections",
    "reports/reasons.html",
    (Part("heads", "reports/heads.html"), *table_parts("reasons")),
    figures,
    {"reasons": table},
    sorting,
    controls,
)
