"""Where a tracked link leads: a destination that can stand in a `Location` header, or none (contract 50 §4, §6)."""

import re
from contextlib import suppress
from urllib.parse import quote

import idna

LONGEST_TARGET = 4096  # bytes

_GRAPHIC = "".join(map(chr, range(0x21, 0x7F)))
_WEB_ADDRESS = re.compile(r"(https?)://([^/?#\\]*)(.*)", re.IGNORECASE | re.DOTALL)
_PORT = re.compile(r":\d*$")
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_TRACKED_PATHS = ("/f/", "/q/", "/u/")


def location(target: str, tracking_host: str) -> str | None:
    """The destination as it will be sent in `Location`, or None for a link that has to be left as it is.

    Left alone are: no host, more than 4,096 bytes, and URLs that are tracked ones of `tracking_host` (host[:port])
    already. Non-ASCII, blanks and control characters come back percent-encoded, the host as A-label.
    """
    found = _WEB_ADDRESS.fullmatch(target.strip(" \t\r\n\f"))
    if found is None:
        return None
    scheme, authority, rest = found.groups()
    host = _host(authority)
    if not host or _is_ours(scheme.lower(), host, rest, tracking_host):
        return None
    encoded = f"{scheme}://{_encoded_authority(authority)}{_encoded(rest)}"
    return encoded if len(encoded) <= LONGEST_TARGET else None


def base_url(scheme: str, tracking_host: str) -> str:
    """`<scheme>://<host[:port]>`, the port left out where it is the scheme's own."""
    return f"{scheme}://{tracking_host.removesuffix(_DEFAULT_PORTS[scheme])}"


def _host(authority: str) -> str:
    return _PORT.sub("", authority.rpartition("@")[2]).strip()


def _is_ours(scheme: str, host: str, rest: str, tracking_host: str) -> bool:
    return rest.startswith(_TRACKED_PATHS) and host.lower() == _host(tracking_host).lower()


def _encoded(text: str) -> str:
    if text.isascii() and text.isprintable() and " " not in text:
        return text
    return quote(text, safe=_GRAPHIC, errors="replace")


def _encoded_authority(authority: str) -> str:
    if authority.isascii():
        return _encoded(authority)
    login, at, host = authority.rpartition("@")
    name = _PORT.sub("", host)
    return _encoded(login) + at + _encoded(_as_a_labels(name)) + host[len(name) :]


def _as_a_labels(name: str) -> str:
    """As browsers do it (UTS 46, non-transitional); a name that DNS cannot hold is left to them."""
    with suppress(idna.IDNAError):
        return idna.encode(name, uts46=True).decode()
    # Emoji, which IDNA 2008 does not allow and browsers look up all the same.
    with suppress(UnicodeError):
        return name.encode("idna").decode("ascii")
    return name
