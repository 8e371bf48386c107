"""Every address of the web process."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from reports import admin_urls as reports_admin
from reports import urls as reports

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(reports.api_urlpatterns)),
    path("admin/", include(reports_admin.urlpatterns)),
    path("admin/", admin.site.urls),
]
