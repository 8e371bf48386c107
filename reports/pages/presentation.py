"""What the Engagement page shows, in the words and figures of its reader (contract 90 §6–§8)."""

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from reports import listings
from reports.metrics import METRICS
from reports.pages import funnel, links, state
from reports.pages.formats import Formats
from reports.pages.state import CUSTOM, PAGE_SIZES, PRESETS, Chip, State
from reports.periods import Window

_SUGGESTED_KINDS = ("campaigns", "domains", "templates")
_SHORTEST_SEARCH, _SUGGESTIONS = 3, 8
LONGEST_SEARCH = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What one request asks for: its state, the reader's zone and language, the window or what is wrong with it."""

    state: State
    zone_name: str
    zone: tzinfo
    formats: Formats
    now: datetime
    window: Window | str


def label(metric: str) -> str:
    """A metric's label; figures that the original estimates are marked as such where a setting says so."""
    estimated = f"{metric}_approx" in METRICS and getattr(settings, "REPORTS_APPROXIMATE_LABELS", False)
    return f"{METRICS[metric].label} (approx.)" if estimated else METRICS[metric].label


def shown_step(step: funnel.Step, formats: Formats) -> dict[str, Any]:
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


def shown_link(link: links.Link, formats: Formats, unnamed: bool, shown: State) -> dict[str, Any]:
    recipients = urlencode({"who": "clicked", "link": link.name})
    return {
        "name": link.name,
        "recipients": "&".join(filter(None, (shown.query(without=("sort", "page", "size")), recipients))),
        "unnamed": unnamed or not link.name,
        "raw": formats.count(link.raw),
        "clicks": formats.count(link.clicks),
        "total": formats.percent(link.total, aligned=True),
    }


def columns(shown: State) -> list[dict[str, Any]]:
    labels = {
        "name": "Name",
        "raw": label("count_raw_clicked"),
        "clicks": label("count_clicked"),
        "total": "Total",
    }
    return [
        {
            "key": key,
            "label": label,
            "query": shown.sorted_by(key).query(),
            "direction": ("descending" if shown.descending else "ascending") if key == shown.sort else "none",
        }
        for key, label in labels.items()
    ]


def pages(shown: State, page: links.Page, formats: Formats) -> dict[str, Any]:
    def query(number: int) -> str:
        return replace(shown, page=number).query()

    first = (page.number - 1) * shown.size + 1
    return {
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


def controls(asked: Asked) -> dict[str, Any]:
    """What the controls around the figures show."""
    shown = asked.state
    custom_zone = shown.zone or asked.zone_name
    return {
        "state": shown,
        "query": shown.query(),
        "presets": [
            {
                "label": label,
                "query": replace(shown, period=key, zone="", page=1).query(),
                "chosen": key == shown.period,
            }
            for key, (label, _) in PRESETS.items()
        ],
        "custom": {
            "chosen": shown.period == CUSTOM,
            "start": custom_value(asked, "start"),
            "end": custom_value(asked, "end"),
            "zone": custom_zone,
            "fields": [
                pair for pair in shown.fields() if pair[0] not in ("period", "from", "to", "timezone", "page")
            ],
        },
        "chips": [
            {"label": chip.label, "value": chip.value, "query": shown.remove(chip).query()} for chip in shown.chips
        ],
        "clear_query": replace(shown, chips=(), page=1).query(),
        "search_fields": [pair for pair in shown.fields() if pair[0] != "page"],
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
        "figures_url": address("figures", shown),
        "csv_url": address("csv", shown),
        "suggestions_url": reverse("reports:engagement_suggestions"),
    }


def address(name: str, shown: State) -> str:
    return f"{reverse(f'reports:engagement_{name}')}?{shown.query()}"


def custom_value(asked: Asked, which: str) -> str:
    """What the inputs of the custom range start from: what was typed, else the period shown."""
    if asked.state.period == CUSTOM:
        return asked.state.custom_from if which == "start" else asked.state.custom_to
    if isinstance(asked.window, str):
        return ""
    moment = asked.window.start if which == "start" else state.shown_end(asked.window, asked.now)
    return f"{moment.astimezone(asked.zone):%Y-%m-%dT%H:%M}"


def suggestions(shown: State, typed: str) -> list[dict[str, str]]:
    """Values that contain what was typed, each with the query that adds it to the filters in force."""
    part = typed.strip()[:LONGEST_SEARCH].replace("\0", "")
    if len(part) < _SHORTEST_SEARCH:
        return []
    return [
        {"label": chip.label, "value": value, "query": shown.add(chip).query()}
        for kind in _SUGGESTED_KINDS
        for value in listings.occurring(state.FILTERS[kind][1], match=part, limit=_SUGGESTIONS)
        if (chip := Chip(kind, value))
    ]
