"""Addresses below /admin/."""

from collections.abc import Callable

from django.contrib import admin
from django.http import HttpResponse
from django.urls import URLPattern, path

from sandbox import pages


def _path(route: str, page: Callable[..., HttpResponse], name: str) -> URLPattern:
    return path(route, admin.site.admin_view(page), name=name)


app_name = "sandbox"
urlpatterns = [
    _path("sandbox/mail/", pages.mail_list, "mail"),
    _path("sandbox/mail/empty/", pages.empty_mailbox, "empty"),
    _path("sandbox/mail/<slug:name>/", pages.message_page, "message"),
    _path("sandbox/mail/<slug:name>/html/", pages.message_html, "html"),
    _path("sandbox/mail/<slug:name>/source/", pages.message_source, "source"),
    _path("sandbox/mail/<slug:name>/files/<int:index>/", pages.message_file, "file"),
    _path("sandbox/mail/<slug:name>/delete/", pages.delete_message, "delete"),
]
