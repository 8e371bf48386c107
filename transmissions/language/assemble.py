"""Cut a scanned stretch into literals, values and links.

A stretch is text with HOLE for each expression. The same code serves the compiler, where a hole stands for
an Output of the tree, and the rendering of regions, where it stands for a rendered value.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from sys import maxsize
from typing import Generic, TypeVar

from transmissions.language.findings import Edit, Findings, Found, Mark, Span
from transmissions.language.markup import HOLE

H = TypeVar("H")

_HOLES = re.compile(HOLE)


@dataclass(frozen=True, slots=True)
class Literal:
    text: str


@dataclass(frozen=True, slots=True)
class Value(Generic[H]):
    hole: H
    in_url: bool = False
    in_tag: bool = False


@dataclass(frozen=True, slots=True)
class Link(Generic[H]):
    """One link with the pieces of its URL and attributes; an absent attribute has no pieces."""

    url: tuple[Literal | Value[H], ...]
    name: tuple[Literal | Value[H], ...]
    sublink: tuple[Literal | Value[H], ...]
    unsubscribe: bool

    @property
    def sublink_is_computed(self) -> bool:
        return any(isinstance(piece, Value) for piece in self.sublink)


Piece = Literal | Value[H] | Link[H] | Mark


class Stretch(Generic[H]):
    """A text with its holes in order and what a scanner found in it."""

    def __init__(self, text: str, holes: Sequence[H], findings: Findings) -> None:
        self._text = text
        self._findings = findings
        self._places = [match.start() for match in _HOLES.finditer(text)] if holes else []
        self._values = [
            Value(hole, _lies_in(place, findings.urls), _lies_in(place, findings.tags))
            for hole, place in zip(holes, self._places, strict=True)
        ]

    def pieces(self) -> Iterator[Piece[H]]:
        """Everything in order: links where clicks are tracked, marks where they were found."""
        position = 0
        stops: list[Edit | Mark] = [*self._findings.edits, *self._findings.marks]
        for stop in sorted(stops, key=lambda stop: stop.span):
            yield from self._cut(Span(position, stop.span.start))
            if isinstance(stop, Mark):
                yield stop
            elif stop.link:
                yield from self._link(stop.link)
            position = stop.span.end
        yield from self._cut(Span(position, len(self._text)))

    def _link(self, found: Found) -> Iterator[Piece[H]]:
        if found.is_tracked:
            url, name, sublink = (tuple(self._cut(span)) for span in (found.url, found.name, found.sublink))
            yield Link(url, name, sublink, found.unsubscribe)
        else:
            yield from self._cut(found.url)

    def _cut(self, span: Span | None) -> Iterator[Literal | Value[H]]:
        if span is None:
            return
        position = span.start
        for number in range(bisect_left(self._places, span.start), bisect_left(self._places, span.end)):
            if position < self._places[number]:
                yield Literal(self._text[position : self._places[number]])
            yield self._values[number]
            position = self._places[number] + 1
        if position < span.end:
            yield Literal(self._text[position : span.end])


def _lies_in(place: int, spans: Sequence[Span]) -> bool:
    index = bisect_right(spans, (place, maxsize)) - 1
    return index >= 0 and place < spans[index].end
