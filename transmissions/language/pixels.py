"""Where the two pixels of open tracking go (contract 50 §3)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from transmissions.language import html_links
from transmissions.language.assemble import Literal, Value
from transmissions.language.expressions import Call
from transmissions.language.findings import Mark
from transmissions.language.flow import Choice, Insert, Loop, Region, Segment, Segments
from transmissions.language.markup import TEXT
from transmissions.language.tree import Output

_MARKED_TAG = re.compile(r"</?(?:html|body)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pixel:
    """The place of a pixel: "top" or "bottom"."""

    place: str


def placed(segments: Segments) -> tuple[list[Segment | Pixel], bool]:
    """The segments of a part with the places of both pixels; whether rendering can never move them.

    They could move where data, inclusions or statements bring in tags of their own: then the rendered part has
    to be scanned (`insert`).
    """
    marks = [segment for segment in segments if isinstance(segment, Mark)]
    top, bottom = _choose(marks)
    result: list[Segment | Pixel] = []
    for segment in segments:
        if segment is bottom:
            result.append(Pixel("bottom"))
        elif segment is top:
            result.append(Pixel("top"))
        elif not isinstance(segment, Mark):
            result.append(segment)
    if bottom is None:
        result.append(Pixel("bottom"))
    return result, _is_certain(segments, top, bottom)


def _choose(marks: Sequence[Mark]) -> tuple[Mark | None, Mark | None]:
    bodies = [mark for mark in marks if mark.element == "body"]
    has_html = any(mark.element == "html" for mark in marks)
    for closing in ("/body", "/html"):
        ends = [mark for mark in marks if mark.element == closing]
        if ends:
            return bodies[0] if bodies and has_html else None, ends[-1]
    return bodies[0] if bodies and has_html else None, None


def _is_certain(segments: Segments, top: Mark | None, bottom: Mark | None) -> bool:
    risky = [index for index, segment in enumerate(segments) if _may_bring_tags(segment)]
    if not risky:
        return True
    if top is None or bottom is None or bottom.element != "/body":
        return False
    places = [index for index, segment in enumerate(segments) if segment is top or segment is bottom]
    return all(places[0] < index < places[-1] for index in risky)


def _may_bring_tags(segment: Segment) -> bool:
    """Whether rendering the segment may give tags that move pixels."""
    waiting: list[Segment] = [segment]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, Insert) or (isinstance(inner, Mark) and inner is not segment):
            return True
        if isinstance(inner, Value) and not inner.in_tag and (inner.hole.raw or _calls(inner.hole)):
            return True
        if isinstance(inner, Literal) and segment is not inner and _MARKED_TAG.search(inner.text):
            return True
        waiting.extend(_inside(inner))
    return False


def _inside(segment: Segment) -> Iterable[Segment]:
    if isinstance(segment, Choice):
        return (inner for arm in segment.arms for inner in arm.body)
    return segment.body if isinstance(segment, Loop | Region) else ()


def _calls(output: Output) -> bool:
    return any(isinstance(step, Call) and step.macro != "empty" for step in output.expression.steps)


def insert(markup: str, top: str | None, bottom: str | None) -> str:
    """A rendered part with the pixels' markup put in; for programs whose `pixels_certain` is false."""
    findings, _, _ = html_links.scan(markup, TEXT)
    first, last = _choose(findings.marks)
    places = [(first.position, top)] if first else []
    places.append((last.position if last else len(markup), bottom))
    shown = ""
    begin = 0
    for position, pixel in sorted(places, key=lambda place: place[0]):
        shown += markup[begin:position] + (pixel or "")
        begin = position
    return shown + markup[begin:]
