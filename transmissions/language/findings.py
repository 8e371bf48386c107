"""What the link scanners report about a stretch of template (contract 40 §12)."""

from dataclasses import dataclass, field
from typing import NamedTuple


class Span(NamedTuple):
    start: int
    end: int


class Found(NamedTuple):
    """A link by its spans in the text; None where the attribute is absent."""

    url: Span
    name: Span | None
    sublink: Span | None
    unsubscribe: bool
    is_tracked: bool  # False: an attribute asks to leave it alone


class Edit(NamedTuple):
    """A stretch that generation replaces by a link, or leaves out."""

    span: Span
    link: Found | None = None


class Mark(NamedTuple):
    """Where a tag that matters to pixels ends ("html", "body") or begins ("/body", "/html")."""

    element: str
    position: int

    @property
    def span(self) -> Span:
        return Span(self.position, self.position)


@dataclass(slots=True)
class Findings:
    """`edits` in order, not overlapping; `urls`: where expressions are percent-encoded; `tags`: whole tags."""

    edits: list[Edit] = field(default_factory=list)
    urls: list[Span] = field(default_factory=list)
    tags: list[Span] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
