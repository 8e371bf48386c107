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

    They could move where data, chunks or statements bring in tags of their own: then the rendered part has to be
    scanned (`insert`).
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
    if isinstance(segment, Value):
        return not segment.in_tag and (segment.hole.raw or _calls(segment.hole))
    if isinstance(segment, Choice):
        return any(_bring_tags(arm.body) for arm in segment.arms)
    if isinstance(segment, Loop):
        return _bring_tags(segment.body)
    if isinstance(segment, Region):
        return _bring_tags(segment.body) or _has_marks(segment.body)
    return isinstance(segment, Insert)


def _bring_tags(segments: Iterable[Segment]) -> bool:
    return any(isinstance(segment, Mark) or _may_bring_tags(segment) for segment in segments)


def _has_marks(segments: Iterable[Segment]) -> bool:
    """Segments that were not scanned."""
    for segment in segments:
        if isinstance(segment, Literal) and _MARKED_TAG.search(segment.text):
            return True
        if isinstance(segment, Choice) and any(_has_marks(arm.body) for arm in segment.arms):
            return True
        if isinstance(segment, Loop) and _has_marks(segment.body):
            return True
    return False


def _calls(output: Output) -> bool:
    return any(isinstance(step, Call) and step.macro != "empty" for step in output.expression.steps)


def insert(markup: str, top: str | None, bottom: str | None) -> str:
    """A rendered part with the pixels' markup put in; for programs whose `pixels_certain` is false."""
    findings, _, _ = html_links.scan(markup, TEXT)
    first, last = _choose(findings.marks)
    end = last.position if last else len(markup)
    if top and first and first.position <= end:
        return markup[: first.position] + top + markup[first.position : end] + (bottom or "") + markup[end:]
    return markup[:end] + (bottom or "") + markup[end:]
