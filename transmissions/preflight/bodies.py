"""What readers trip over in a rendered body: links that lead nowhere, images without words, too much of it."""

import re
from collections.abc import Iterator

from transmissions.language.elements import Element, elements
from transmissions.preflight.findings import Gathering, Level
from transmissions.preflight.marking import line_of, unmarked

# A large mailbox provider shows this much of an HTML part and hides the rest behind a link.
MOST_SHOWN_BYTES = 102 * 1024

_SHOWN = 80
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
_HOST = re.compile(r"https?://[^/?#\\\s]", re.IGNORECASE)
_ACTIVE = frozenset({"javascript", "vbscript", "data"})
_TEXT_URL = re.compile(r"https?://[^\s<>\"]*", re.IGNORECASE)
_UNSUBSCRIBE = re.compile(r"unsubscri|opt-?out|abmeld|désabonn|desabonn|darse-?de-?baja", re.IGNORECASE)


def check_markup(found: Gathering, part: str, rendered: str) -> bool:
    """Adds what is wrong with an HTML or AMP part; returns whether a link lets the reader unsubscribe."""
    can_unsubscribe = False
    for element in elements(rendered):
        if element.name in ("a", "area"):
            _check_link(found, part, element)
            can_unsubscribe = can_unsubscribe or _unsubscribes(element)
        elif element.name == "img" and "alt" not in element.attributes:
            source = element.attributes.get("src", "")[:_SHOWN]
            what = f"image without alt text: {source}. Many readers see no images at first."
            found.add("alt", Level.WARNING, part, line_of(element), what)
    size = len(unmarked(rendered).encode("utf-8", "replace"))
    if size > MOST_SHOWN_BYTES and part in ("html", "text/html"):
        what = f"{size / 1024:.0f} KB of HTML: a large mailbox provider cuts messages off after 102 KB"
        found.add("clipped", Level.WARNING, part, None, what)
    return can_unsubscribe


def check_text(found: Gathering, part: str, rendered: str, source: str) -> bool:
    """The same for a text part; `source` is its template."""
    can_unsubscribe = False
    for url in _TEXT_URL.findall(rendered):
        can_unsubscribe = can_unsubscribe or _UNSUBSCRIBE.search(url) is not None
        for kind, level, what in _problems(url):
            found.add(kind, level, part, _line_in(source, url), what)
    return can_unsubscribe


def _check_link(found: Gathering, part: str, element: Element) -> None:
    href = element.attributes.get("href")
    if href is None:
        return  # a place to jump to
    for kind, level, what in _problems(href):
        found.add(kind, level, part, line_of(element), what)


def _problems(href: str) -> Iterator[tuple[str, Level, str]]:
    """Kind, level and words of what is wrong with a destination."""
    href = href.strip()
    shown = href if len(href) <= _SHOWN else href[:_SHOWN] + "…"
    scheme = _SCHEME.match(href)
    if href in ("", "#"):
        yield "empty", Level.WARNING, "empty link: it leads nowhere"
    elif scheme is None:
        if not href.startswith("#"):
            yield (
                "host",
                Level.WARNING,
                f"link without a host: {shown}. A mail program knows no page it is relative to.",
            )
    elif scheme[1].lower() in _ACTIVE:
        yield "active", Level.WARNING, f"mail programs do not follow {scheme[1].lower()}: links"
    elif scheme[1].lower() in ("http", "https"):
        if not _HOST.match(href):
            yield "host", Level.WARNING, f"link without a host: {shown}"
        elif scheme[1].lower() == "http":
            yield "http", Level.NOTE, f"link is not encrypted (http): {shown}"


def _unsubscribes(element: Element) -> bool:
    attributes = element.attributes
    href = attributes.get("href", "")
    return attributes.get("data-msys-unsubscribe", "").strip() == "1" or _UNSUBSCRIBE.search(href) is not None


def _line_in(source: str, url: str) -> int | None:
    """Where the template has this very text; None where it is put together from data."""
    position = source.find(url)
    return source.count("\n", 0, position) + 1 if position >= 0 else None
