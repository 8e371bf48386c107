"""The tracked URLs, for the web process's root."""

from django.urls import URLPattern, path, re_path

from tracking.views import tracked

urlpatterns: list[URLPattern] = [
    re_path(r"^[qfu]/", tracked, name="tracked"),
    path("robots.txt", tracked, name="robots"),
]
api_urlpatterns: list[URLPattern] = []
