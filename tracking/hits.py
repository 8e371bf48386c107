"""What the tracker answers, and what it has to record: plain functions on plain values (contract 50 §6).

The tracker and the Django views are two doors to `respond`; neither decides anything itself.
"""

import re
from collections.abc import Mapping
from email.message import Message
from typing import Annotated, NamedTuple
from urllib.parse import parse_qsl, quote

import msgspec

from momentum.lib import clock, ids
from tracking import reader_pages
from tracking.keys import Keyring
from tracking.limits import WINDOW_S, ClickLimit
from tracking.tokens import CLICK_KINDS, OPEN_KINDS, BadToken, Kind, open_link

PATH_LIMIT = 32_000
BODY_LIMIT = 4096
TARGET_LIMIT = 4096
_USER_AGENT_LIMIT = 1024
_ACCEPT_LANGUAGE_LIMIT = 256

# A GIF of one transparent pixel: header, two colours, the first transparent, one pixel of it (GIF89a).
PIXEL = bytes.fromhex("4749463839610100010080000000000000000021f90401000000002c00000000010001000002024401003b")

_NOT_IN_A_TOKEN = re.compile(r"[^A-Za-z0-9_-].*", re.DOTALL)
_UP_TO_THE_LAST_OF_A_TOKEN = re.compile(r".*[A-Za-z0-9_-]", re.DOTALL)
_PRINTABLE_ASCII = "".join(map(chr, range(0x21, 0x7F)))

# Names in lower case, as ASGI wants them.
Headers = tuple[tuple[bytes, bytes], ...]
_NO_STORE: Headers = (
    (b"cache-control", b"no-cache, no-store, must-revalidate"),
    (b"expires", b"Thu, 01 Jan 1970 00:00:00 GMT"),
)
_NO_INDEX: Headers = ((b"x-robots-tag", b"noindex"),)
_REDIRECT: Headers = ((b"content-type", b"text/plain"), *_NO_INDEX, *_NO_STORE)
_TEXT: Headers = ((b"content-type", b"text/plain; charset=utf-8"),)
_PAGE: Headers = (
    (b"content-type", b"text/html; charset=utf-8"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; form-action 'self'"),
    (b"referrer-policy", b"no-referrer"),
)


class Request(NamedTuple):
    """What matters of a request. `path` is percent-decoded, without query; header values are "" when absent.

    `body` is None when it is longer than BODY_LIMIT; `prefetch` says that the headers call it a prefetch.
    """

    method: str
    path: str
    address: str = ""
    user_agent: str = ""
    accept_language: str = ""
    prefetch: bool = False
    content_type: str = ""
    body: bytes | None = b""


class Answer(NamedTuple):
    """Status, headers and body; for HEAD the door leaves the body out and keeps its length."""

    status: int
    headers: Headers
    body: bytes = b""


class Hit(msgspec.Struct, frozen=True, array_like=True):
    """One request to be recorded: `event_id` is its id (UUID bytes), `at_ms` its time in Unix milliseconds.

    `head` marks a request for the headers of a link alone: it makes no event, but tells what the next one is.
    The two parts stay sealed: neither Redis nor the spool file holds an address of a recipient.
    """

    event_id: Annotated[bytes, msgspec.Meta(min_length=16, max_length=16)]
    at_ms: Annotated[int, msgspec.Meta(ge=0, lt=2**43)]
    message_part: str
    link_part: str
    address: str = ""
    user_agent: str = ""
    accept_language: str = ""
    prefetch: bool = False
    head: bool = False


_PIXEL_ANSWER = Answer(200, ((b"content-type", b"image/gif"), *_NO_STORE), PIXEL)
_INVALID_LINK = Answer(404, _PAGE + _NO_INDEX, reader_pages.INVALID_LINK)
_CONFIRM = Answer(200, _PAGE + _NO_INDEX + _NO_STORE, reader_pages.CONFIRM_UNSUBSCRIBE)
_UNSUBSCRIBED = Answer(200, _TEXT + _NO_STORE, b"You have been unsubscribed.\n")
_UNSUBSCRIBED_PAGE = Answer(200, _PAGE + _NO_INDEX + _NO_STORE, reader_pages.UNSUBSCRIBED)
_NOT_ONE_CLICK = Answer(400, _TEXT, b"Expected the body List-Unsubscribe=One-Click.\n")
_TARGET_TOO_LONG = Answer(400, _TEXT, b"The destination of this link is too long.\n")
_TOO_MANY_CLICKS = Answer(
    403, (*_TEXT, (b"retry-after", b"%d" % WINDOW_S)), b"Too many requests from your address. Please try again.\n"
)
_NOT_FOUND = Answer(404, _TEXT, b"Nothing here.\n")
_ROBOTS = Answer(200, _TEXT, b"User-agent: *\nDisallow: /\n")


def respond(request: Request, keyring: Keyring, clicks: ClickLimit) -> tuple[Answer, Hit | None]:
    """The answer to any request, and the hit to record before it leaves (None: nothing to record)."""
    door = _DOORS.get(request.path[:3])
    if door is None:
        return _elsewhere(request), None
    return door(request, keyring, clicks)


# The request headers that any of this reads, in lower case.
HEADERS = frozenset(
    {"user-agent", "accept-language", "content-type", "x-forwarded-for", "purpose", "sec-purpose", "x-moz"}
)


def says_prefetch(headers: Mapping[str, str]) -> bool:
    """Whether request headers (by lower-case name) announce a prefetch (contract 50 §8)."""
    return any(
        headers.get(name, "").strip().lower().startswith("prefetch") for name in ("purpose", "sec-purpose", "x-moz")
    )


def location(target: str) -> str:
    """The target for a Location header: blanks, controls and non-ASCII percent-encoded, the rest exact."""
    if target.isascii() and target.isprintable() and " " not in target:
        return target
    return quote(target, safe=_PRINTABLE_ASCII)


def token_in(path: str) -> tuple[str, str] | None:
    """Message part and link part at the end of a path; whatever mail programs glued to it is ignored.

    None when the path has fewer than two segments after the prefix.
    """
    if len(path) > PATH_LIMIT:
        return None
    without_junk = _UP_TO_THE_LAST_OF_A_TOKEN.match(path[3:].partition("?")[0])
    segments = without_junk.group().rsplit("/", 2) if without_junk else []
    if len(segments) < 2:
        return None
    return segments[-2], _NOT_IN_A_TOKEN.sub("", segments[-1])


def _pixel(request: Request, keyring: Keyring, _clicks: ClickLimit) -> tuple[Answer, Hit | None]:
    if request.method not in ("GET", "HEAD"):
        return _not_allowed(b"GET, HEAD"), None
    token = _opened(request, keyring, OPEN_KINDS)
    if token is None or request.method == "HEAD":
        return _PIXEL_ANSWER, None
    return _PIXEL_ANSWER, _hit(request, token)


def _click(request: Request, keyring: Keyring, clicks: ClickLimit) -> tuple[Answer, Hit | None]:
    if request.method not in ("GET", "HEAD"):
        return _not_allowed(b"GET, HEAD"), None
    if not clicks.allows(request.address, clock.now().timestamp()):
        return _TOO_MANY_CLICKS, None
    token = _opened(request, keyring, CLICK_KINDS)
    if token is None:
        return _INVALID_LINK, None
    if len(token.url.encode()) > TARGET_LIMIT:
        return _TARGET_TOO_LONG, None
    redirect = Answer(302, ((b"location", location(token.url).encode()), *_REDIRECT))
    return redirect, _hit(request, token)


def _unsubscribe(request: Request, keyring: Keyring, _clicks: ClickLimit) -> tuple[Answer, Hit | None]:
    if request.method not in ("GET", "HEAD", "POST"):
        return _not_allowed(b"GET, HEAD, POST"), None
    token = _opened(request, keyring, _UNSUBSCRIBE_KINDS)
    if token is None:
        return _INVALID_LINK, None
    if request.method != "POST":
        return _CONFIRM, None
    if not _asks_one_click(request):
        return _NOT_ONE_CLICK, None
    return (_UNSUBSCRIBED_PAGE if _comes_from_our_page(request) else _UNSUBSCRIBED), _hit(request, token)


_UNSUBSCRIBE_KINDS = frozenset({Kind.LIST_UNSUBSCRIBE})
_DOORS = {"/q/": _pixel, "/f/": _click, "/u/": _unsubscribe}


def _elsewhere(request: Request) -> Answer:
    if request.method not in ("GET", "HEAD"):
        return _not_allowed(b"GET, HEAD")
    return _ROBOTS if request.path == "/robots.txt" else _NOT_FOUND


def _not_allowed(methods: bytes) -> Answer:
    return Answer(405, (*_TEXT, (b"allow", methods)), b"Method not allowed.\n")


class _Token(NamedTuple):
    """A token that opened, as it came, and where it leads."""

    message_part: str
    link_part: str
    url: str


def _opened(request: Request, keyring: Keyring, kinds: frozenset[Kind]) -> _Token | None:
    parts = token_in(request.path)
    if parts is None:
        return None
    link = open_link(keyring, *parts)
    if isinstance(link, BadToken) or link.kind not in kinds:
        return None
    return _Token(*parts, link.url)


def _hit(request: Request, token: _Token) -> Hit:
    at_ms = int(clock.now().timestamp() * 1000)
    return Hit(
        *(ids.hit_event_id(at_ms).bytes, at_ms, token.message_part, token.link_part, request.address),
        user_agent=_cut(request.user_agent, _USER_AGENT_LIMIT),
        accept_language=_cut(request.accept_language, _ACCEPT_LANGUAGE_LIMIT),
        prefetch=request.prefetch,
        head=request.method == "HEAD",
    )


def _cut(text: str, limit: int) -> str:
    if len(text) * 4 <= limit:
        return text
    return text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")


def _asks_one_click(request: Request) -> bool:
    """RFC 8058 §3.2: the body is a form, urlencoded or multipart, with List-Unsubscribe=One-Click."""
    if not request.body:
        return False
    if request.content_type.lower().startswith("multipart/form-data"):
        return _multipart_value(request.content_type, request.body) == "One-Click"
    return ("List-Unsubscribe", "One-Click") in parse_qsl(request.body.decode("latin-1"))


def _comes_from_our_page(request: Request) -> bool:
    return (reader_pages.SHOWN_TO_A_PERSON, "1") in parse_qsl((request.body or b"").decode("latin-1"))


def _multipart_value(content_type: str, body: bytes) -> str | None:
    header = Message()
    header["Content-Type"] = content_type
    boundary = header.get_boundary()
    if not boundary:
        return None
    for part in body.split(b"--" + boundary.encode("latin-1", "replace")):
        head, separator, value = part.partition(b"\r\n\r\n")
        if separator and re.search(rb'name="?List-Unsubscribe"?\s*(?:;|\r|\Z)', head, re.IGNORECASE):
            return value.strip().decode("latin-1")
    return None
