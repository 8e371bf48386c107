"""Addresses of the report pages, relative to /admin/."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from reports.drilldown import routes
from reports.pages import views

_pages = [
    path("engagement/", admin.site.admin_view(views.engagement), name="engagement"),
    path("engagement/figures/", admin.site.admin_view(views.figures), name="engagement_figures"),
    path("engagement/links.csv", admin.site.admin_view(views.links_csv), name="engagement_csv"),
    path("engagement/suggestions/", admin.site.admin_view(views.suggestions), name="engagement_suggestions"),
    *routes.patterns,
]

urlpatterns: list[URLPattern | URLResolver] = [path("reports/", include((_pages, "reports")))]
