"""The Delayed report (contract 90 §5)."""

from typing import Any

from reports import reasons
from reports.metrics import Unit, percentage
from reports.pages import presentation
from reports.pages.asked import Asked
from reports.pages.measures import measure, metrics_of
from reports.pages.report import Part, Report, table_parts
from reports.pages.state import Query, Sorting
from reports.pages.tables import Column, Row, Table
from reports.questions import DETAIL

_HEADS = ("count_accepted", "count_delayed", "count_delayed_first", "delayed_rate")
_COLUMNS = (
    Column("name", "Name"),
    Column("delayed", "Delayed", Unit.COUNT),
    Column("first", "Delayed First Attempt", Unit.COUNT),
    Column("rate", "Delayed Rate", Unit.PERCENT, "Delayed First Attempt / Accepted."),
)


def figures(asked: Asked) -> dict[str, Any]:
    values = asked.total(*metrics_of(map(measure, _HEADS)))
    return {
        "heads": presentation.heads(asked, _HEADS, values),
        **presentation.shown_table(asked, _table(asked, values["count_accepted"]), "delayed"),
    }


def table(asked: Asked) -> Table:
    """One row for each reason."""
    return _table(asked, asked.total("count_accepted")["count_accepted"])


def _table(asked: Asked, accepted: int) -> Table:
    rows = []
    for row in reasons.delays(asked.question(reasons.DELAY_METRICS, DETAIL)):
        delayed, first = row.values["count_delayed"], row.values["count_delayed_first"]
        rows.append(Row((row.group[0], delayed, first, percentage(first, accepted))))
    return Table("reasons", "Reasons", _COLUMNS, rows, "No delays to report")


def sorting(_: Query) -> Sorting:
    return Sorting(tuple(column.key for column in _COLUMNS), "delayed")


DELAYED = Report(
    "delayed",
    "reports/reasons.html",
    (Part("heads", "reports/heads.html"), *table_parts("reasons")),
    figures,
    {"reasons": table},
    sorting,
)
