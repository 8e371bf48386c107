"""Regions: markup whose tags only rendering can tell (see flow), scanned with literal text and data apart."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from transmissions.language import html_links
from transmissions.language.assemble import Link, Literal, Stretch, Value
from transmissions.language.encoding import Encoding, T
from transmissions.language.findings import Mark
from transmissions.language.links import Tracked, follower
from transmissions.language.markup import HOLE, State
from transmissions.language.sites import LinkSite, decode, personalised_label
from transmissions.language.texts import Raw, html, text, url
from transmissions.language.words import Kind


class Hole(str):
    """What an expression gave, while its position is not yet known."""

    raw: bool
    source: str


def hole(value: Any, raw: bool, source: str) -> Hole:
    made = Hole(text(value))
    made.raw = raw or isinstance(value, Raw)
    made.source = source
    return made


Pieces = Sequence[Literal | Value[Hole]]
Resolver = Callable[[list[str], State, int, Tracked], Iterable[T]]


def resolver(kind: Kind, encoding: Encoding[T], edits: bool) -> Resolver[T]:
    """The function that turns the pieces of a region, literal strings and Holes, into encoded ones.

    It takes the pieces, the state of the markup before them, the position number for their links, and `tracked`.
    """
    follow = follower(kind, encoding)

    def resolve(pieces: list[str], state: State, position: int, tracked: Tracked) -> Iterator[T]:
        markup = "".join(HOLE if isinstance(piece, Hole) else piece for piece in pieces)
        findings, _, _ = html_links.scan(markup, state)
        if not edits:
            findings.edits.clear()
        holes = [piece for piece in pieces if isinstance(piece, Hole)]
        for piece in Stretch(markup, holes, findings).pieces():
            if isinstance(piece, Link):
                url = _joined(piece.url)
                site = _site(piece, url, kind, position)
                yield follow(tracked, site, url, _joined(piece.name), _joined(piece.sublink))
            elif not isinstance(piece, Mark):
                yield encoding.value(_shown(piece))

    return resolve


def _joined(pieces: Pieces) -> str:
    return "".join(_shown(piece) for piece in pieces)


def _shown(piece: Literal | Value[Hole]) -> str:
    if isinstance(piece, Literal):
        return piece.text
    if piece.hole.raw:
        return str(piece.hole)
    return url(str(piece.hole)) if piece.in_url else html(str(piece.hole))


def _site(link: Link[Hole], written: str, kind: Kind, position: int) -> LinkSite:
    is_fixed = all(isinstance(piece, Literal) for piece in link.url)
    label = decode(written, kind) if is_fixed else personalised_label(link.url, kind)
    return LinkSite(-1, position, kind.value, None, None, label, link.unsubscribe)
