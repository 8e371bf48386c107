"""Addresses of endpoints (contract 00 §1): a trailing slash is optional, and nothing is ever redirected."""

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpResponseBase
from django.urls import URLPattern, path, register_converter


class KeyConverter:
    """`<key:name>`: an id that callers chose. It may hold any character but NUL, `/` (sent as %2F) included.

    WSGI servers decode %2F before Django sees it; routes of subresources (`templates/<key:id>/preview`) therefore
    have to stand before the route of the resource itself.
    """

    regex = r"[^/\x00](?:[^\x00]*[^/\x00])?"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: object) -> str:
        return str(value)


register_converter(KeyConverter, "key")


def endpoint(
    route: str, view: Callable[..., HttpResponseBase], *, name: str | None = None, **arguments: Any
) -> list[URLPattern]:
    """Both spellings of one address; `name` belongs to the one without slash. `view` is `SomeView.as_view()`."""
    bare = route.strip("/")
    return [path(bare, view, arguments, name=name), path(f"{bare}/", view, arguments)]


def aliases(patterns: Sequence[URLPattern], *first_words: str) -> list[URLPattern]:
    """The endpoints whose address begins with one of `first_words`, nameless, to be included at a second address.

    `path("api/labs/", include(aliases(v1, "transmissions", "snippets")))`.
    """
    return [
        path(str(pattern.pattern), pattern.callback, pattern.default_args)
        for pattern in patterns
        if str(pattern.pattern).split("/")[0] in first_words
    ]
