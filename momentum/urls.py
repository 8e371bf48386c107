"""Every address of the web process."""

from django.contrib import admin
from django.templatetags.static import static
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

import reports.admin_urls
import reports.urls
import sandbox.admin_urls
import tracking.admin_urls
import tracking.urls
import transmissions.admin_urls
import transmissions.urls
from momentum import crossings
from momentum.api.routes import aliases
from momentum.health import healthz

_v1: list[URLPattern] = [*transmissions.urls.api_urlpatterns, *reports.urls.api_urlpatterns]

urlpatterns: list[URLPattern | URLResolver] = [
    path("", RedirectView.as_view(pattern_name="reports:engagement")),
    path("healthz", healthz, name="healthz"),
    path("favicon.ico", RedirectView.as_view(url=static("momentum/icon.svg"))),
    path("api/v1/", include(_v1)),
    # Clients configured with this base address exist in the field (contract 00 §1).
    path("api/labs/", include(aliases(_v1, "transmissions", "snippets"))),
    path("api/v1/labs/", include(aliases(_v1, "snippets"))),
    path("admin/", include(crossings.urlpatterns)),
    path("admin/", include(reports.admin_urls)),
    path("admin/", include(sandbox.admin_urls)),
    path("admin/", include(tracking.admin_urls)),
    path("admin/", include(transmissions.admin_urls)),
    path("admin/", admin.site.urls),
    *tracking.urls.urlpatterns,
]
