"""The Engagement report: the funnel and the table of links (contract 90 §6)."""

from typing import Any
from urllib.parse import urlencode

from reports import engine, rollup_store
from reports.metrics import Unit, percentage
from reports.pages import funnel, links, presentation, tables
from reports.pages.asked import Asked
from reports.pages.formats import Formats
from reports.pages.links import Link
from reports.pages.measures import label
from reports.pages.report import Part, Report
from reports.pages.tables import Column, Row, Table
from reports.questions import DETAIL

# Of the delivered messages, those in which an open or a click could show at all.
_TRACKED = ("count_delivered", "count_open_tracked", "count_click_tracked")


def _columns() -> tuple[Column, ...]:
    return (
        Column("name", "Name"),
        Column("raw", label("count_raw_clicked"), Unit.COUNT),
        Column("clicks", label("count_clicked"), Unit.COUNT),
        Column("total", "Total", Unit.PERCENT),
    )


def figures(asked: Asked) -> dict[str, Any]:
    """The steps of the funnel and one page of links."""
    values = asked.total(*funnel.STEPS, *_TRACKED)
    page = tables.page(_links(asked), asked.state.page, asked.state.size)
    unnamed = rollup_store.unnamed_links(link.name for link in page.rows)
    formats = asked.formats
    return {
        "steps": [_shown_step(step, formats) for step in funnel.steps(values)],
        "box": {"width": funnel.WIDTH, "height": funnel.HEIGHT},
        "opened": formats.percent(percentage(values["count_unique_confirmed_opened"], values["count_accepted"])),
        "clicked": formats.percent(percentage(values["count_unique_clicked"], values["count_accepted"])),
        "delivered": formats.count(values["count_delivered"]),
        "open_tracked": formats.count(values["count_open_tracked"]),
        "click_tracked": formats.count(values["count_click_tracked"]),
        "columns": presentation.columns(asked.state, _columns()),
        "rows": [_shown_link(link, asked, link.name in unnamed) for link in page.rows],
        "pages": presentation.pages(asked.state, page, formats),
        "table": {"key": "links"},
    }


def table(asked: Asked) -> Table:
    """All links."""
    rows = [Row((link.name, link.raw, link.clicks, link.total)) for link in _links(asked)]
    return Table("links", "Links", _columns(), rows, "No clicks to report")


def controls(asked: Asked) -> dict[str, Any]:
    return {"csv_url": presentation.address("engagement", "links_csv", asked.state)}


def _links(asked: Asked) -> list[Link]:
    found = engine.grouped(asked.question(links.METRICS, DETAIL))
    return links.ordered(links.rows(found), asked.state.sort, descending=asked.state.descending)


def _shown_step(step: funnel.Step, formats: Formats) -> dict[str, Any]:
    number = formats.count(step.value)
    return {
        "step": step,
        "label": label(step.name),
        "number": number,
        "fits_down": step.fits_down(number),
        "of_targeted": formats.percent(step.of_targeted),
        "of_accepted": formats.percent(step.of_accepted),
        "of_previous": formats.percent(step.of_previous),
    }


def _shown_link(link: Link, asked: Asked, unnamed: bool) -> dict[str, Any]:
    formats = asked.formats
    recipients = urlencode({"who": "clicked", "link": link.name})
    return {
        "name": link.name,
        "recipients": "&".join(filter(None, (asked.state.query(without=("sort", "page", "size")), recipients))),
        "unnamed": unnamed or not link.name,
        "raw": formats.count(link.raw),
        "clicks": formats.count(link.clicks),
        "total": formats.percent(link.total, aligned=True),
    }


ENGAGEMENT = Report(
    "engagement",
    "reports/engagement.html",
    (
        Part("funnel", "reports/funnel.html"),
        Part("funnel-table", "reports/funnel_table.html", "table"),
        Part("links-table", "reports/links_table.html", "table"),
        Part("links-pages", "reports/table_pages.html", "nav"),
    ),
    figures,
    {"links": table},
    controls=controls,
)
