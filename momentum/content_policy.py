"""The Content-Security-Policy of our own pages in the admin site (docs/reports.md)."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest
from django.http.response import HttpResponseBase

# No script of a page's text ever runs, and nothing is loaded from or sent to another host. The admin's theme forces
# the two exceptions: Alpine.js compiles the expressions of its attributes ('unsafe-eval'), and the theme writes its
# colours into a <style> element ('unsafe-inline' for styles).
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
    )
)

View = Callable[..., HttpResponseBase]


def without_inline_scripts(view: View) -> View:
    """The view, whose answers carry the policy unless they bring their own."""

    @wraps(view)
    def restricted(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response

    return restricted
