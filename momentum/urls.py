"""Every address of the web process."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", include("sandbox.admin_urls")),
    path("admin/", admin.site.urls),
]
