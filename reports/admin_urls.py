"""Addresses of the report pages, relative to /admin/."""

from collections.abc import Iterator

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from reports.drilldown import routes
from reports.drilldown.comparison import COMPARISON
from reports.drilldown.when_where import HABITS
from reports.pages import views
from reports.pages.accepted import ACCEPTED
from reports.pages.bounces import BOUNCES
from reports.pages.delayed import DELAYED
from reports.pages.engagement import ENGAGEMENT
from reports.pages.rejections import REJECTIONS
from reports.pages.report import Report
from reports.pages.summary import SUMMARY

_REPORTS = (SUMMARY, BOUNCES, REJECTIONS, ACCEPTED, DELAYED, ENGAGEMENT, COMPARISON, HABITS)


def _addresses(report: Report) -> Iterator[URLPattern]:
    name, wrapped = report.name, admin.site.admin_view
    yield path(f"{name}/", wrapped(views.page(report)), name=name)
    yield path(f"{name}/figures/", wrapped(views.figures(report)), name=f"{name}_figures")
    yield path(f"{name}/suggestions/", wrapped(views.suggestions(report)), name=f"{name}_suggestions")
    for key, make in report.tables.items():
        yield path(f"{name}/{key}.csv", wrapped(views.saved(report, make)), name=f"{name}_{key}_csv")


_pages = [*(address for report in _REPORTS for address in _addresses(report)), *routes.patterns]

urlpatterns: list[URLPattern | URLResolver] = [path("reports/", include((_pages, "reports")))]
