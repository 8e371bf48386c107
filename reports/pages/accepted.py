"""The Accepted report: attempts, latency and size (contract 90 §5)."""

from typing import Any

from reports import reasons
from reports.metrics import Unit, percentage
from reports.pages import bars, presentation
from reports.pages.asked import Asked
from reports.pages.bars import Bar
from reports.pages.measures import measure, metrics_of
from reports.pages.report import Part, Report
from reports.pages.tables import Column, Row, Table
from reports.reasons import ATTEMPT_GROUPS

_HEADS = ("count_targeted", "count_sent", "count_accepted", "accepted_rate")
_STATS = ("avg_latency_first", "avg_latency_subsequent", "avg_message_size")
_COLUMNS = (
    Column("name", "Attempt"),
    Column("count", "Accepted", Unit.COUNT),
    Column("rate", "Rate", Unit.PERCENT),
)
# Attempts have an order of their own.
_AS_THEY_ARE = ("", False)


def figures(asked: Asked) -> dict[str, Any]:
    values = asked.total(*metrics_of(map(measure, (*_HEADS, *_STATS))))
    shown = [Bar(str(index), *group) for index, group in enumerate(_groups(asked))]
    return {
        "heads": presentation.heads(asked, _HEADS, values),
        "stats": presentation.heads(asked, _STATS, values),
        "bars": bars.shown("Attempt", shown, asked.formats, "Accepted"),
    }


def table(asked: Asked) -> Table:
    """One row for each group of attempts."""
    rows = [Row(group) for group in _groups(asked)]
    return Table("attempts", "Accepted by attempt", _COLUMNS, rows, "", order=_AS_THEY_ARE)


def _groups(asked: Asked) -> list[tuple[str, int, float]]:
    """Label, count and rate of each group; rates are shares of what was accepted at any attempt.

    A bounce that came back later does not say at which attempt its message was accepted: it is not taken off here.
    """
    found = reasons.attempt_groups(asked.question(("count_delivered",)))
    counts = {row.code: row.values["count_delivered"] for row in found}
    everything = sum(counts.values())
    return [
        (label, counts.get(index, 0), percentage(counts.get(index, 0), everything))
        for index, (label, _) in enumerate(ATTEMPT_GROUPS)
    ]


def controls(asked: Asked) -> dict[str, Any]:
    return {"csv_url": presentation.address("accepted", "attempts_csv", asked.state)}


ACCEPTED = Report(
    "accepted",
    "reports/accepted.html",
    (
        Part("heads", "reports/heads.html"),
        Part("stats", "reports/stats.html"),
        Part("bars", "reports/bars.html", "table"),
    ),
    figures,
    {"attempts": table},
    controls=controls,
)
