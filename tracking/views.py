"""The tracked URLs on the web process, for an installation of one server: the same answers as the tracker's."""

from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from tracking import hits, key_watch, keys
from tracking.limits import ClickLimit
from tracking.recording import Recording
from tracking.stream import hit_frame


@csrf_exempt
def tracked(request: HttpRequest) -> HttpResponse:
    """Answer `/q/…`, `/f/…`, `/u/…` and `/robots.txt`; the hit is durable before the answer leaves."""
    answer, hit = hits.respond(_request(request), _keyring(), _clicks())
    if hit is not None:
        _recording().record(hit_frame(hit))
    body = b"" if request.method == "HEAD" else answer.body
    headers = {name.decode(): value.decode() for name, value in answer.headers}
    response = HttpResponse(body, status=answer.status, headers=headers)
    response["Content-Length"] = str(len(answer.body))
    return response


def _request(request: HttpRequest) -> hits.Request:
    headers = {name.lower(): value for name, value in request.headers.items()}
    takes_body = request.method == "POST" and request.path_info.startswith("/u/")
    return hits.Request(
        method=request.method or "",
        path=request.path_info,
        address=settings.TRUSTED_PROXIES.client(
            request.META.get("REMOTE_ADDR", ""), headers.get("x-forwarded-for", "")
        ),
        user_agent=headers.get("user-agent", ""),
        accept_language=headers.get("accept-language", ""),
        prefetch=hits.says_prefetch(headers),
        content_type=headers.get("content-type", ""),
        body=_body(request) if takes_body else b"",
    )


def _body(request: HttpRequest) -> bytes | None:
    body = request.read(hits.BODY_LIMIT + 1)
    return body if len(body) <= hits.BODY_LIMIT else None


def _keyring() -> keys.Keyring:
    return _key_source().current


@lru_cache(maxsize=1)
def _key_source() -> key_watch.Keys:
    return key_watch.source(settings.MOMENTUM_HOME, settings.TRACKING_KEYS)


@lru_cache(maxsize=1)
def _clicks() -> ClickLimit:
    return ClickLimit(settings.TRACKER_CLICK_LIMIT)


@lru_cache(maxsize=1)
def _recording() -> Recording:
    return Recording(settings.REDIS_LOCATION, settings.MOMENTUM_HOME)
