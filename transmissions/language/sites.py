"""What is known of a link before anybody's data (contract 40 §12.2, 80 §7)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, TypeVar
from urllib.parse import quote

from transmissions.language.assemble import Link, Literal, Value
from transmissions.language.entities import decode_attribute
from transmissions.language.tree import Output
from transmissions.language.words import Kind

LONGEST_NAME = 63  # bytes
LONGEST_TARGET = 4096  # bytes

_HOST = re.compile(r"https?://[^/?#\\\s]", re.IGNORECASE)
_PATH_END = re.compile(r"[?#]")


@dataclass(frozen=True, slots=True)
class LinkSite:
    """One click-trackable link of a part's text; rendered once or, in a loop, many times.

    `index` counts the sites of a program from 0 and is -1 where a link is only found while rendering (in a tag
    with statements inside). `position` counts from 1 within the text that holds them, the part or an inclusion; a
    tag with statements inside takes one number, link or not. `part` is text, html or amp_html.
    `target` is the destination with entities decoded, None when it depends on data; `name` is the link's name, ""
    when it has none, None when it depends on data. `label` names the link in reports when it has no name.
    """

    index: int
    position: int
    part: str
    target: str | None
    name: str | None
    label: str
    unsubscribe: bool = False
    sublink: str | None = None


def site(link: Link[Output], kind: Kind, index: int, position: int) -> LinkSite:
    url = _template_text(link.url)
    is_fixed = _is_fixed(link.url)
    target = decode(url, kind)
    return LinkSite(
        index=index,
        position=position,
        part=kind.value,
        target=target if is_fixed else None,
        name=cut_name(decode(_template_text(link.name), kind)) if _is_fixed(link.name) else None,
        label=target if is_fixed else personalised_label(link.url, kind),
        unsubscribe=link.unsubscribe,
        sublink=clean_sublink(decode(_template_text(link.sublink), kind)) if _is_fixed(link.sublink) else None,
    )


def decode(text: str, kind: Kind) -> str:
    return decode_attribute(text) if kind.is_markup else text


def is_trackable(target: str) -> bool:
    """Has a host, and is not longer than a tracked URL can carry (contract 50 §4)."""
    return _HOST.match(target) is not None and _byte_length(target) <= LONGEST_TARGET


def _byte_length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


def cut_name(name: str) -> str:
    """At most 63 bytes, cut where a character ends."""
    encoded = name.encode(errors="replace")
    return name if len(encoded) <= LONGEST_NAME else encoded[:LONGEST_NAME].decode(errors="ignore")


def clean_sublink(path: str) -> str | None:
    """The path between `/f/` and the token; None when nothing is left of it.

    Dot segments go as well: browsers would resolve them and lose the prefix.
    """
    segments = (segment for segment in path.split("/") if segment not in ("", ".", ".."))
    return quote("/".join(segments), safe="/", errors="replace") or None


class _Sourced(Protocol):
    @property
    def source(self) -> str: ...


_S = TypeVar("_S", bound=_Sourced)


def personalised_label(pieces: Iterable[Literal | Value[_S]], kind: Kind) -> str:
    """Scheme, host and path as the template has them, tags included."""
    label = ""
    for piece in pieces:
        if isinstance(piece, Value):
            label += piece.hole.source
            continue
        text = decode(piece.text, kind)
        end = _PATH_END.search(text)
        if end:
            return label + text[: end.start()]
        label += text
    return label


def _template_text(pieces: Iterable[Literal | Value[Output]]) -> str:
    return "".join(piece.text for piece in pieces if isinstance(piece, Literal))


def _is_fixed(pieces: Iterable[Literal | Value[Output]]) -> bool:
    return all(isinstance(piece, Literal) for piece in pieces)
