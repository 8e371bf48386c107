"""The addresses of an import's pages, below those of recipient lists in the admin."""

from collections.abc import Callable

from django.contrib import admin
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path

from transmissions.lists_admin import mapping, results, uploading

_PAGES: tuple[tuple[str, Callable[..., HttpResponseBase], str], ...] = (
    ("upload/", uploading.upload, "upload"),
    ("<int:list_pk>/upload/", uploading.upload, "replace"),
    ("imports/<int:import_id>/", results.show, "import"),
    ("imports/<int:import_id>/columns/", mapping.choose_columns, "import-columns"),
    ("imports/<int:import_id>/preview/", mapping.preview, "import-preview"),
    ("imports/<int:import_id>/progress/", results.progress, "import-progress"),
    ("imports/<int:import_id>/faults.csv", results.faults_file, "import-faults"),
    ("imports/<int:import_id>/again/", results.again, "import-again"),
    ("imports/<int:import_id>/discard/", results.discard, "import-discard"),
)


def urls() -> list[URLPattern]:
    """All of them, open only to people who are signed in."""
    return [
        path(route, admin.site.admin_view(page), name=f"transmissions_recipientlist_{name}")
        for route, page, name in _PAGES
    ]
