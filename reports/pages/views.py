"""The Engagement report: page, live figures, CSV and the suggestions of its search box (contract 90 §6)."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import get_language_from_request
from django.views.decorators.http import require_safe

from momentum.lib import clock
from reports import engine, listings, periods, rollup_store, rollups
from reports.metrics import METRICS, percentage
from reports.pages import funnel, links, state
from reports.pages.formats import Formats
from reports.pages.state import CUSTOM, PAGE_SIZES, PRESETS, Chip, State
from reports.periods import Window
from reports.questions import DETAIL, Question

ZONE_COOKIE, SIZE_COOKIE = "momentum_zone", "momentum_page_size"
_A_YEAR = 365 * 24 * 3600
_SUGGESTED_KINDS = ("campaigns", "domains", "templates")
_SHORTEST_SEARCH, _LONGEST_SEARCH, _SUGGESTIONS = 3, 200, 8

may_view_reports = permission_required("reports.view_reports", raise_exception=True)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one request asks for: its state, the reader's zone and language, the window or what is wrong with it."""

    state: State
    zone_name: str
    zone: tzinfo
    formats: Formats
    now: datetime
    window: Window | str


@require_safe
@may_view_reports
def engagement(request: HttpRequest) -> HttpResponse:
    """The whole page."""
    asked = _read(request)
    context = {
        **admin.site.each_context(request),
        "title": "Engagement",
        **_context(asked),
        **_controls(asked),
        "search": request.GET.get("search", "")[:_LONGEST_SEARCH],
        "suggestions": _suggestions(asked.state, request.GET.get("search", "")),
    }
    response = TemplateResponse(request, "reports/engagement.html", context)
    if "size" in request.GET:
        response.set_cookie(SIZE_COOKIE, str(asked.state.size), max_age=_A_YEAR, httponly=True, samesite="Lax")
    return response


@require_safe
@may_view_reports
def figures(request: HttpRequest) -> HttpResponse:
    """The parts of the page that change by themselves; 204 while they are as the page has `seen` them."""
    asked = _read(request)
    if request.GET.get("seen") == _version(asked):
        return HttpResponse(status=204)
    return TemplateResponse(request, "reports/engagement_figures.html", {**_context(asked), "live": True})


@require_safe
@may_view_reports
def links_csv(request: HttpRequest) -> HttpResponse:
    """The whole table, in its current order."""
    asked = _read(request)
    if isinstance(asked.window, str):
        return HttpResponse(asked.window, status=400, content_type="text/plain; charset=utf-8")
    found = _links(asked.state, asked.window)
    header = ("Name", _label("count_raw_clicked"), _label("count_clicked"), "Total")
    response = HttpResponse(links.as_csv(found, header), content_type="text/csv; charset=utf-8")
    start, end = (
        f"{moment.astimezone(asked.zone):%Y%m%dT%H%M}"
        for moment in (asked.window.start, state.shown_end(asked.window, asked.now))
    )
    response["Content-Disposition"] = f'attachment; filename="engagement-{start}-{end}.csv"'
    return response


@require_safe
@may_view_reports
def suggestions(request: HttpRequest) -> HttpResponse:
    """What the search box offers for the letters typed so far."""
    asked = _read(request)
    typed = request.GET.get("search", "")
    return TemplateResponse(
        request,
        "reports/suggestions.html",
        {"suggestions": _suggestions(asked.state, typed), "search": typed.strip()[:_LONGEST_SEARCH]},
    )


def _read(request: HttpRequest) -> _Asked:
    found = state.read(request.GET, request.COOKIES.get(SIZE_COOKIE, ""))
    name = next(
        (
            name
            for name in (found.zone, request.COOKIES.get(ZONE_COOKIE, "").replace("%2F", "/"))
            if periods.zone(name) is not None
        ),
        "UTC",
    )
    local = periods.zone(name) or UTC
    now = clock.now()
    return _Asked(
        found, name, local, Formats(get_language_from_request(request)), now, state.window(found, local, now)
    )


def _version(asked: _Asked) -> str:
    start = asked.window.start.timestamp() if isinstance(asked.window, Window) else 0
    return f"{rollups.revision()}.{start:.0f}.{asked.zone_name}"


def _context(asked: _Asked) -> dict[str, Any]:
    """What the live parts show."""
    version = _version(asked)
    if isinstance(asked.window, str):
        return {"error": asked.window, "version": version, "zone_name": asked.zone_name}
    values = engine.total(Question(funnel.STEPS, (asked.window.start, asked.window.end), asked.state.filters))
    page = links.page(_links(asked.state, asked.window), asked.state.page, asked.state.size)
    unnamed = rollup_store.unnamed_links(link.name for link in page.rows)
    formats = asked.formats
    return {
        "version": version,
        "zone_name": asked.zone_name,
        "period_start": formats.moment(asked.window.start, asked.zone),
        "period_end": formats.moment(state.shown_end(asked.window, asked.now), asked.zone),
        "reaches_now": asked.window.end > asked.now,
        "steps": [_shown_step(step, formats) for step in funnel.steps(values)],
        "box": {"width": funnel.WIDTH, "height": funnel.HEIGHT},
        "opened": formats.percent(percentage(values["count_unique_confirmed_opened"], values["count_accepted"])),
        "clicked": formats.percent(percentage(values["count_unique_clicked"], values["count_accepted"])),
        "columns": _columns(asked.state),
        "rows": [_shown_link(link, formats, link.name in unnamed) for link in page.rows],
        "pages": _pages(asked.state, page, formats),
    }


def _links(shown: State, window: Window) -> list[links.Link]:
    found = engine.grouped(Question(links.METRICS, (window.start, window.end), shown.filters, group_by=(DETAIL,)))
    return links.ordered(links.rows(found), shown.sort, descending=shown.descending)


def _label(metric: str) -> str:
    """A metric's label; figures that the original estimates are marked as such where a setting says so."""
    estimated = f"{metric}_approx" in METRICS and getattr(settings, "REPORTS_APPROXIMATE_LABELS", False)
    return f"{METRICS[metric].label} (approx.)" if estimated else METRICS[metric].label


def _shown_step(step: funnel.Step, formats: Formats) -> dict[str, Any]:
    number = formats.count(step.value)
    return {
        "step": step,
        "label": _label(step.name),
        "number": number,
        "fits_down": step.fits_down(number),
        "of_targeted": formats.percent(step.of_targeted),
        "of_accepted": formats.percent(step.of_accepted),
        "of_previous": formats.percent(step.of_previous),
    }


def _shown_link(link: links.Link, formats: Formats, unnamed: bool) -> dict[str, Any]:
    return {
        "name": link.name,
        "unnamed": unnamed or not link.name,
        "raw": formats.count(link.raw),
        "clicks": formats.count(link.clicks),
        "total": formats.percent(link.total, aligned=True),
    }


def _columns(shown: State) -> list[dict[str, Any]]:
    labels = {
        "name": "Name",
        "raw": _label("count_raw_clicked"),
        "clicks": _label("count_clicked"),
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


def _pages(shown: State, page: links.Page, formats: Formats) -> dict[str, Any]:
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


def _controls(asked: _Asked) -> dict[str, Any]:
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
            "start": _custom_value(asked, "start"),
            "end": _custom_value(asked, "end"),
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
        "figures_url": _address("figures", shown),
        "csv_url": _address("csv", shown),
        "suggestions_url": reverse("reports:engagement_suggestions"),
    }


def _address(name: str, shown: State) -> str:
    return f"{reverse(f'reports:engagement_{name}')}?{shown.query()}"


def _custom_value(asked: _Asked, which: str) -> str:
    """What the inputs of the custom range start from: what was typed, else the period shown."""
    if asked.state.period == CUSTOM:
        return asked.state.custom_from if which == "start" else asked.state.custom_to
    if isinstance(asked.window, str):
        return ""
    moment = asked.window.start if which == "start" else state.shown_end(asked.window, asked.now)
    return f"{moment.astimezone(asked.zone):%Y-%m-%dT%H:%M}"


def _suggestions(shown: State, typed: str) -> list[dict[str, str]]:
    """Values that contain what was typed, each with the query that adds it to the filters in force."""
    part = typed.strip()[:_LONGEST_SEARCH].replace("\0", "")
    if len(part) < _SHORTEST_SEARCH:
        return []
    return [
        {"label": chip.label, "value": value, "query": shown.add(chip).query()}
        for kind in _SUGGESTED_KINDS
        for value in listings.occurring(state.FILTERS[kind][1], match=part, limit=_SUGGESTIONS)
        if (chip := Chip(kind, value))
    ]
