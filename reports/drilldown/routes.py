"""Addresses of the drill-down, relative to /admin/reports/."""

from django.contrib import admin
from django.urls import URLPattern, path

from reports.drilldown import views

patterns: list[URLPattern] = [
    path("recipients/", admin.site.admin_view(views.recipients), name="recipients"),
    path("recipients/recipients.csv", admin.site.admin_view(views.recipients_csv), name="recipients_csv"),
    path("messages/<int:number>/", admin.site.admin_view(views.message), name="message"),
    path("events/", admin.site.admin_view(views.events_of_address), name="events"),
]
