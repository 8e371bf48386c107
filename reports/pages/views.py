"""Every report page: the page itself, its live figures, its tables as CSV, the suggestions of its search box."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from momentum.content_policy import without_inline_scripts
from reports import rollups
from reports.pages import presentation, state, tables
from reports.pages.asked import SIZE_COOKIE, ZONE_COOKIE, Asked, read
from reports.pages.presentation import LONGEST_SEARCH
from reports.pages.report import Report
from reports.pages.tables import Table
from reports.periods import Window

__all__ = ["SIZE_COOKIE", "ZONE_COOKIE", "may_view_reports"]

View = Callable[..., HttpResponseBase]
_A_YEAR = 365 * 24 * 3600


def may_view_reports(view: View) -> View:
    """The view for those who may see reports, under the policy of report pages."""
    return without_inline_scripts(permission_required("reports.view_reports", raise_exception=True)(view))


def page(report: Report) -> View:
    """The whole page."""

    @require_safe
    @may_view_reports
    def view(request: HttpRequest) -> HttpResponse:
        asked = read(request, report.sorting(request.GET))
        context = {
            **admin.site.each_context(request),
            "title": report.title,
            **_context(report, asked),
            **presentation.controls(asked, report.name),
            **report.controls(asked),
            "search": request.GET.get("search", "")[:LONGEST_SEARCH],
            **_suggestions(report, asked, request),
        }
        response = TemplateResponse(request, report.template, context)
        if "size" in request.GET:
            size = str(asked.state.size)
            response.set_cookie(SIZE_COOKIE, size, max_age=_A_YEAR, httponly=True, samesite="Lax")
        return response

    return view


def figures(report: Report) -> View:
    """The parts of the page that change by themselves; 204 while they are as the page has `seen` them."""

    @require_safe
    @may_view_reports
    def view(request: HttpRequest) -> HttpResponse:
        asked = read(request, report.sorting(request.GET))
        if request.GET.get("seen") == _version(report, asked):
            return HttpResponse(status=204)
        return TemplateResponse(request, "reports/figures.html", {**_context(report, asked), "parts": report.parts})

    return view


def saved(report: Report, make: Callable[[Asked], Table]) -> View:
    """A whole table as CSV, in its current order."""

    @require_safe
    @may_view_reports
    def view(request: HttpRequest) -> HttpResponseBase:
        asked = read(request, report.sorting(request.GET))
        if isinstance(asked.window, str):
            return HttpResponse(asked.window, status=400, content_type="text/plain; charset=utf-8")
        table = make(asked)
        rows = tables.ordered(table, asked.state.sort, descending=asked.state.descending)
        pieces = tables.as_csv([column.label for column in table.columns], (row.cells for row in rows))
        response = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="{_file_name(report, asked)}"'
        return response

    return view


def suggestions(report: Report) -> View:
    """What the search box offers for the letters typed so far."""

    @require_safe
    @may_view_reports
    def view(request: HttpRequest) -> HttpResponse:
        asked = read(request, report.sorting(request.GET))
        return TemplateResponse(request, "reports/suggestions.html", _suggestions(report, asked, request))

    return view


def _suggestions(report: Report, asked: Asked, request: HttpRequest) -> dict[str, Any]:
    typed = request.GET.get("search", "")
    return {
        "suggestions": presentation.suggestions(asked.state, typed),
        "typed": typed.strip()[:LONGEST_SEARCH],
        "report_address": f"reports:{report.name}",
    }


def _file_name(report: Report, asked: Asked) -> str:
    start, end = (
        f"{moment.astimezone(asked.zone):%Y%m%dT%H%M}"
        for moment in (asked.period.start, state.shown_end(asked.period, asked.now))
    )
    return f"{report.name}-{start}-{end}.csv"


def _version(report: Report, asked: Asked) -> str:
    """What stays the same as long as the live parts do."""
    start = asked.window.start.timestamp() if isinstance(asked.window, Window) else 0
    minute = f".{asked.now:%H%M}" if report.moves and start and asked.period.end > asked.now else ""
    return f"{rollups.revision()}.{start:.0f}.{asked.zone_name}{minute}"


def _context(report: Report, asked: Asked) -> dict[str, Any]:
    """What the live parts show."""
    shown = {"version": _version(report, asked), "zone_name": asked.zone_name}
    if isinstance(asked.window, str):
        return {**shown, "error": asked.window}
    return {**shown, **presentation.period(asked), **report.figures(asked)}
