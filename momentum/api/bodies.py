"""Request bodies: bounded bytes, then JSON (contract 00 §3, §12.8–9)."""

import re
from typing import Any, TypeVar, cast

import msgspec
from django.http import HttpRequest
from rest_framework.request import Request

from momentum.api import streams
from momentum.api.streams import MEBIBYTE, unparsable
from momentum.lib.errors import refuse

T = TypeVar("T")

BODY_LIMIT = 25 * MEBIBYTE
SUPPRESSION_BODY_LIMIT = 50 * MEBIBYTE

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
# What can be decoded here has to be walked and encoded again elsewhere, on deeper stacks: keep that many frames.
_FRAMES_IN_RESERVE = 300


def read_body(request: HttpRequest | Request, limit_bytes: int = BODY_LIMIT) -> bytes:
    """The body in UTF-8 without byte-order mark, gzip undone; b"" when there is none.

    `limit_bytes` holds for the body as sent and as unpacked: more is 413 `1300`. A content coding other than
    gzip is 415 `1700`, bytes that are not UTF-8 are 400 `1305`.
    """
    coding = request.META.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    if coding not in ("", "identity", "gzip", "x-gzip"):
        raise refuse("1700", f"Content-Encoding '{coding[:64]}' is not supported")
    body = streams.read_all(request, limit_bytes)
    if coding.endswith("gzip") and body:
        body = streams.unpacked(body, limit_bytes)
    body = body.removeprefix(_BYTE_ORDER_MARK)
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError as problem:
            raise refuse("1305", f"byte {problem.start} of the body is not UTF-8") from None
    return body


def json_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body; an empty body and `[]` (PHP's empty array) are `{}`.

    400 `1300` when it is not JSON, 400 `1305` for a lone surrogate, 422 `1300` for any other JSON value.
    """
    value = json_value(body) if body.strip() else {}
    if value == [] and isinstance(value, list):
        return {}
    if not isinstance(value, dict):
        raise refuse("1300", "the request body must be a JSON object")
    return value


def json_value(body: bytes) -> Any:
    """Any JSON value; refusals as in `json_object`."""
    return json_typed(body, Any)


def json_typed(body: bytes, wanted: type[T] | Any) -> T:
    """JSON decoded straight into the type `wanted` by msgspec; a value that does not fit is 422 `1300`."""
    try:
        return cast(T, _decode_with_reserve(body, wanted, _FRAMES_IN_RESERVE))
    except msgspec.ValidationError as problem:
        raise refuse("1300", str(problem)) from None
    except msgspec.DecodeError as problem:
        if has_lone_surrogate(body):
            raise refuse("1305", "a \\u escape stands for half a surrogate pair") from None
        raise unparsable(str(problem)) from None
    except UnicodeDecodeError:
        raise refuse("1305", "the text is not UTF-8") from None
    except RecursionError:
        raise unparsable("nested too deeply") from None


def has_lone_surrogate(body: bytes) -> bool:
    """Whether an escape of the JSON text `body` is one half of a surrogate pair without the other."""
    high_ends_at = -1
    for escape in _ESCAPE.finditer(body):
        unit = int(escape[1], 16) if escape[1] else 0
        is_low = 0xDC00 <= unit <= 0xDFFF
        if is_low != (high_ends_at == escape.start()) or (high_ends_at >= 0 and not is_low):
            return True
        high_ends_at = escape.end() if 0xD800 <= unit <= 0xDBFF else -1
    return high_ends_at >= 0


def _decode_with_reserve(body: bytes, wanted: Any, frames: int) -> Any:
    if frames:
        return _decode_with_reserve(body, wanted, frames - 1)
    return msgspec.json.decode(body, type=wanted)
