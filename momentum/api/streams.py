"""The bytes of a request as they arrive: never more of them than asked for, however they are sent or packed."""

import time
import zlib
from typing import cast

from django.http import HttpRequest, UnreadablePostError
from rest_framework.request import Request

from momentum.lib.errors import ApiError, Fault, refuse

MEBIBYTE = 1024 * 1024

_PIECE = 64 * 1024
# Each further member copies what is left of the body: a body of empty ones would keep a process busy for hours.
_MOST_GZIP_MEMBERS = 64


def has_body(request: HttpRequest | Request) -> bool:
    """Whether the request announces a body that is not empty."""
    return _declared_length(request) > 0 or _is_chunked(request)


def read_all(request: HttpRequest | Request, limit: int) -> bytes:
    """The body as sent; 413 when it has or announces more than `limit` bytes, 400 when it ends early."""
    declared = _declared_length(request)
    if declared > limit:
        raise _too_large(limit)
    source = request.META["wsgi.input"] if _is_chunked(request) else request
    try:
        body = cast(bytes, source.read(limit + 1))
    except (UnreadablePostError, OSError):
        raise unparsable("the body ended early") from None
    if len(body) > limit:
        raise _too_large(limit)
    if len(body) < declared:
        raise unparsable("the body is shorter than its Content-Length")
    return body


def unpacked(packed: bytes, limit: int) -> bytes:
    """What a gzip body of one or more members holds; 413 as soon as it grows past `limit` bytes."""
    plain = b""
    for _ in range(_MOST_GZIP_MEMBERS):
        member = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            plain += member.decompress(packed, limit + 1 - len(plain))
        except zlib.error:
            raise unparsable("the body is not gzip") from None
        if len(plain) > limit:
            raise _too_large(limit)
        if not member.eof:
            raise unparsable("the gzip body ends early")
        packed = member.unused_data.lstrip(b"\0")
        if not packed:
            return plain
    raise unparsable("the gzip body has too many members")


def discard_rest(request: HttpRequest, most_bytes: int, most_seconds: float) -> None:
    """Read what is left of the body and forget it, within the limits.

    A server closes a connection with unread bytes in it, and a client that is still sending then sees a broken
    pipe instead of the answer that refuses its request.
    """
    if not has_body(request):
        return
    source = request.META["wsgi.input"] if _is_chunked(request) else request
    left, deadline = most_bytes, time.monotonic() + most_seconds
    try:
        while left > 0 and time.monotonic() < deadline and (piece := source.read(min(left, _PIECE))):
            left -= len(piece)
    except (UnreadablePostError, OSError):
        return


def unparsable(detail: str) -> ApiError:
    """The refusal of a body that cannot be read as a whole (contract 00 §3)."""
    return ApiError(400, Fault("1300", "Request body parsing failed", detail))


def _declared_length(request: HttpRequest | Request) -> int:
    declared = request.META.get("CONTENT_LENGTH") or "0"
    return int(declared) if declared.isdecimal() and declared.isascii() else 0


def _is_chunked(request: HttpRequest | Request) -> bool:
    # Django reads nothing without a Content-Length. A server that finds the end of a body itself sets this flag.
    if request.META.get("CONTENT_LENGTH") or not request.META.get("wsgi.input_terminated"):
        return False
    return "HTTP_TRANSFER_ENCODING" in request.META or request.META.get("SERVER_PROTOCOL", "").startswith("HTTP/2")


def _too_large(limit: int) -> ApiError:
    return refuse("1300", f"the body may have at most {limit} bytes", status=413)
