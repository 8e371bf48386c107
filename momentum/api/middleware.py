"""What happens below /api/ before and after the views (contract 00 §12.14): everything there answers in JSON."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from momentum.api import responses
from momentum.api.streams import MEBIBYTE, discard_rest
from momentum.lib.errors import ApiError, Fault, fault

MOST_URI_BYTES = 4096
MOST_DISCARDED_BYTES = 64 * MEBIBYTE
MOST_DISCARDING_SECONDS = 5.0

# Status -> code, for answers that Django itself made.
_CODES = {400: "1300", 403: "1100", 404: "1101", 405: "1102", 413: "1300", 414: "1300", 500: "1500"}


class ApiMiddleware:
    """Has to stand first in MIDDLEWARE, so that refusals of the others pass through it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info != "/api" and not request.path_info.startswith("/api/"):
            return self.get_response(request)
        refusal = refused_address(request)
        if refusal is not None:
            response: HttpResponseBase = responses.errors(refusal.status, refusal.faults)
        else:
            response = as_json(self.get_response(request))
        discard_rest(request, MOST_DISCARDED_BYTES, MOST_DISCARDING_SECONDS)
        return response


def refused_address(request: HttpRequest) -> ApiError | None:
    """414 for a URI that is too long, 404 for a NUL in the path (no database takes one)."""
    path: str = request.META.get("PATH_INFO", "")
    query: str = request.META.get("QUERY_STRING", "")
    # The path arrives percent-decoded: it was at least this long, so nothing of 4,096 bytes is refused.
    if len(path) + len(query) + bool(query) > MOST_URI_BYTES:
        return ApiError(414, Fault("1300", "URI too long", f"at most {MOST_URI_BYTES} bytes are accepted"))
    if "\0" in path:
        return ApiError(404, fault("1101"))
    return None


def as_json(response: HttpResponseBase) -> HttpResponseBase:
    """`response`, or the envelope in its place where Django answered with a page of its own."""
    status = response.status_code
    if status < 400 or response.get("Content-Type", "").startswith("application/json"):
        return response
    code = _CODES.get(status, "1500" if status > 500 else "1300")
    entry = fault(code) if status in (404, 405) else Fault(code, responses.phrase(status))
    kept = {name: response[name] for name in ("Allow", "Retry-After") if name in response}
    answer: HttpResponse = responses.errors(status, [entry], headers=kept)
    return answer
