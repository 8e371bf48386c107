"""The Summary report: up to five measures, graphs, and a table by domain, campaign and so on (contract 90 §4)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from reports import engine
from reports.metrics import Unit
from reports.pages import graphs, intervals, measures, presentation, state, template_names
from reports.pages.asked import Asked
from reports.pages.measures import Measure
from reports.pages.report import Part, Report, table_parts
from reports.pages.state import Chip, Query, Sorting, State
from reports.pages.tables import Column, Row, Table
from reports.questions import Question

# Tab in the address -> (label, kind of filter that a row adds)
TABS: Mapping[str, tuple[str, str]] = {
    "domains": ("Domains", "domains"),
    "sending-ips": ("Sending IPs", "sending_ips"),
    "ip-pools": ("IP Pools", "ip_pools"),
    "campaigns": ("Campaigns", "campaigns"),
    "templates": ("Templates", "templates"),
    "sending-domains": ("Sending Domains", "sending_domains"),
}
_DEFAULT_TAB = "domains"
_MOST_ROWS, _MOST_DOMAINS = 1000, 250
_NONE = "(none)"


def figures(asked: Asked) -> dict[str, Any]:
    chosen = measures.chosen(asked.state.metrics)
    found = intervals.of(asked)
    lines = graphs.series(asked, chosen, found)
    return {
        "totals": _totals(asked, chosen, found),
        "graph_data": graphs.data(asked, found, lines),
        "units": [unit for unit in Unit if any(one.unit is unit for one in chosen)],
        "series": graphs.as_table(asked, found, lines),
        "precision": intervals.LABELS[found.precision],
        "graph_zone": intervals.zone_name(found, asked),
        **presentation.shown_table(asked, table(asked), "summary"),
    }


def _totals(asked: Asked, chosen: Sequence[Measure], found: intervals.Intervals) -> list[dict[str, Any]]:
    """The figures beside the names of the measures, and how they differ from the period before."""
    names = measures.metrics_of(chosen)
    now = asked.total(*names)
    heads = presentation.heads(asked, [one.name for one in chosen], now)
    if not asked.state.compare:
        return [{**head, "colour": index + 1} for index, head in enumerate(heads)]
    window = (found.before[0], found.before[-1])
    before = engine.total(Question(names, window, asked.state.filters))
    return [
        {**head, "colour": index + 1, **_difference(asked, one, now, before)}
        for index, (head, one) in enumerate(zip(heads, chosen, strict=True))
    ]


def _difference(asked: Asked, one: Measure, now: dict[str, int], before: dict[str, int]) -> dict[str, Any]:
    """In percentage points for rates, else in percent of the period before."""
    present, past = asked.figure(one, now), asked.figure(one, before)
    if present is None or past is None:
        return {}
    formats, change = asked.formats, present - past
    sign = "+" if change > 0 else "−" if change < 0 else "±"
    if one.unit is Unit.PERCENT:
        text = f"{sign}{formats.decimal(abs(change))} points"
    elif past:
        text = f"{sign}{formats.percent(100 * abs(change) / past)}"
    else:
        text = "new" if present else "±0"
    return {"delta": text, "before": formats.value(past, one.unit)}


def table(asked: Asked) -> Table:
    """One row for each value of the tab's dimension that has anything to show, up to so many by Injected."""
    tab = _tab(asked.state)
    title, kind = TABS[tab]
    chosen = measures.chosen(asked.state.metrics)
    names = measures.metrics_of(chosen)
    question = asked.question(tuple(dict.fromkeys((*names, "count_injected"))), state.FILTERS[kind][1])
    found = [
        (group[0], values) for group, values in engine.grouped(question).items() if any(map(values.get, names))
    ]
    found.sort(key=lambda row: (-row[1]["count_injected"], row[0]))
    most = _MOST_DOMAINS if tab == "domains" and not asked.state.chips else _MOST_ROWS
    known = template_names.labels(value for value, _ in found[:most]) if tab == "templates" else None
    rows = [_row(asked, kind, value, values, chosen, known) for value, values in found[:most]]
    columns = (Column("name", title), *(Column(one.name, one.label, one.unit, one.description) for one in chosen))
    note = "" if len(found) <= most else f"Top {asked.formats.count(most)} by Injected"
    return Table("table", title, columns, rows, "Nothing to report", note)


def _row(
    asked: Asked,
    kind: str,
    value: str,
    values: dict[str, int],
    chosen: Sequence[Measure],
    known: Mapping[str, str] | None,
) -> Row:
    """`known` are the labels of the templates that there still are; None where the values are no templates."""
    cells = tuple(asked.figure(one, values) for one in chosen)
    if not value:
        return Row((_NONE, *cells))
    if known is None:
        return Row((value, *cells), Chip(kind, value))
    if value not in known:
        return Row((value, *cells), mark="deleted")
    return Row((value, *cells), Chip(kind, value), known[value] if known[value] != value else "")


def controls(asked: Asked) -> dict[str, Any]:
    shown = asked.state
    names = {one.name for one in measures.chosen(shown.metrics)}
    return {
        "picker": {
            "most": measures.MOST,
            "fields": presentation.fields(replace(shown, metrics=()), "sort"),
            "groups": [
                (group, [(measures.measure(name), name in names) for name in members])
                for group, members in measures.GROUPS.items()
            ],
        },
        "refused": measures.refused(shown.metrics),
        "scales": [
            {"label": label, "chosen": key == shown.scale, "query": replace(shown, scale=key).query()}
            for key, label in state.SCALES.items()
        ],
        "compare": {"chosen": shown.compare, "query": replace(shown, compare=not shown.compare).query()},
        "tabs": [
            {
                "label": label,
                "key": key,
                "chosen": key == _tab(shown),
                "query": replace(shown, tab="" if key == _DEFAULT_TAB else key, page=1).query(),
            }
            for key, (label, _) in TABS.items()
        ],
    }


def _tab(shown: State) -> str:
    return shown.tab if shown.tab in TABS else _DEFAULT_TAB


def sorting(query: Query) -> Sorting:
    names = [one.name for one in measures.chosen(state.choices(query, "metrics"))]
    return Sorting(("name", *names), names[0])


SUMMARY = Report(
    "summary",
    "reports/summary.html",
    (
        Part("totals", "reports/totals.html"),
        Part("graph-data", "reports/graph_data.html"),
        Part("series-table", "reports/series_table.html", "table"),
        *table_parts("table"),
    ),
    figures,
    {"table": table},
    sorting,
    controls,
    moves=True,
)
