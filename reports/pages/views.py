"""The Engagement report: page, live figures, CSV and the suggestions of its search box (contract 90 §6)."""

from datetime import UTC
from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import get_language_from_request
from django.views.decorators.http import require_safe

from momentum.lib import clock
from reports import engine, periods, rollup_store, rollups
from reports.metrics import percentage
from reports.pages import funnel, links, presentation, state
from reports.pages.formats import Formats
from reports.pages.presentation import LONGEST_SEARCH, Asked
from reports.pages.state import State
from reports.periods import Window
from reports.questions import DETAIL, Question

ZONE_COOKIE, SIZE_COOKIE = "momentum_zone", "momentum_page_size"
_A_YEAR = 365 * 24 * 3600

may_view_reports = permission_required("reports.view_reports", raise_exception=True)


@require_safe
@may_view_reports
def engagement(request: HttpRequest) -> HttpResponse:
    """The whole page."""
    asked = _read(request)
    context = {
        **admin.site.each_context(request),
        "title": "Engagement",
        **_context(asked),
        **presentation.controls(asked),
        "search": request.GET.get("search", "")[:LONGEST_SEARCH],
        "suggestions": presentation.suggestions(asked.state, request.GET.get("search", "")),
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
    header = ("Name", presentation.label("count_raw_clicked"), presentation.label("count_clicked"), "Total")
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
        {"suggestions": presentation.suggestions(asked.state, typed), "search": typed.strip()[:LONGEST_SEARCH]},
    )


def _read(request: HttpRequest) -> Asked:
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
    return Asked(
        found, name, local, Formats(get_language_from_request(request)), now, state.window(found, local, now)
    )


def _version(asked: Asked) -> str:
    start = asked.window.start.timestamp() if isinstance(asked.window, Window) else 0
    return f"{rollups.revision()}.{start:.0f}.{asked.zone_name}"


def _context(asked: Asked) -> dict[str, Any]:
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
        "steps": [presentation.shown_step(step, formats) for step in funnel.steps(values)],
        "box": {"width": funnel.WIDTH, "height": funnel.HEIGHT},
        "opened": formats.percent(percentage(values["count_unique_confirmed_opened"], values["count_accepted"])),
        "clicked": formats.percent(percentage(values["count_unique_clicked"], values["count_accepted"])),
        "columns": presentation.columns(asked.state),
        "rows": [presentation.shown_link(link, formats, link.name in unnamed, asked.state) for link in page.rows],
        "pages": presentation.pages(asked.state, page, formats),
    }


def _links(shown: State, window: Window) -> list[links.Link]:
    found = engine.grouped(Question(links.METRICS, (window.start, window.end), shown.filters, group_by=(DETAIL,)))
    return links.ordered(links.rows(found), shown.sort, descending=shown.descending)
