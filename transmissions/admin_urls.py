"""Addresses of this app's own pages below /admin/."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

import momentum.api.routes  # noqa: F401 (registers the converter `key`)
from transmissions.template_pages import editor_views, list_views, tool_views

_templates = [
    path("", admin.site.admin_view(list_views.template_list), name="list"),
    path("templates.csv", admin.site.admin_view(list_views.template_csv), name="csv"),
    path("new/", admin.site.admin_view(editor_views.new), name="new"),
    path("preview/", admin.site.admin_view(tool_views.preview), name="preview"),
    path("send-test/", admin.site.admin_view(tool_views.send), name="send_test"),
    path("preflight/", admin.site.admin_view(tool_views.check), name="preflight"),
    path("edit/<key:key>/", admin.site.admin_view(editor_views.edit), name="edit"),
    path("delete/<key:key>/", admin.site.admin_view(editor_views.delete), name="delete"),
]

urlpatterns: list[URLPattern | URLResolver] = [path("templates/", include((_templates, "templates")))]
