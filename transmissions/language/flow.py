"""Arrange a tree for the translator: literals, values, links, choices and loops in order (contract 40 §12).

Links are looked for in *runs*, stretches of text and expressions without a statement between. Where a statement
stands inside of a tag of markup, nobody can say before rendering what the tag will be: such a *region* is kept
whole, from the tag's beginning to where the markup is certain again, and scanned when it has been rendered.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count

from transmissions.language import text_links
from transmissions.language.assemble import Link, Literal, Stretch, Value
from transmissions.language.expressions import Call, Expression
from transmissions.language.findings import Findings, Mark
from transmissions.language.markup import HOLE, State
from transmissions.language.sites import LinkSite, is_trackable, site
from transmissions.language.tree import Body, Break, Each, If, Output, Text
from transmissions.language.words import RENDER_DYNAMIC, RENDER_SNIPPET, Kind


@dataclass(frozen=True, slots=True)
class TrackedLink:
    site: LinkSite
    link: Link[Output]


@dataclass(frozen=True, slots=True)
class Arm:
    condition: Expression | None
    line: int
    body: "Segments"


@dataclass(frozen=True, slots=True)
class Choice:
    arms: list[Arm]
    glued: bool


@dataclass(frozen=True, slots=True)
class Loop:
    items: Expression
    line: int
    body: "Segments"
    glued: bool


@dataclass(frozen=True, slots=True)
class Insert:
    """Dynamic content or a snippet where markup may stand."""

    output: Output


@dataclass(frozen=True, slots=True)
class Region:
    """Markup that starts in the state `start`; its links share one position."""

    body: "Segments"
    start: State
    position: int


Segment = Literal | Value[Output] | TrackedLink | Break | Insert | Choice | Loop | Region | Mark
Segments = list[Segment]


class Sites:
    """Numbers the links of one text, in the order in which they stand."""

    def __init__(self, kind: Kind, found: list[LinkSite]) -> None:
        """`found` takes the sites; it may hold those of other texts of the same program already."""
        self._kind = kind
        self._found = found
        self._positions = count(1)

    def next_position(self) -> int:
        return next(self._positions)

    def add(self, link: Link[Output]) -> LinkSite | None:
        """None where it can be seen that the link is not trackable."""
        made = site(link, self._kind, len(self._found), 0)
        if made.target is not None and not is_trackable(made.target):
            return None
        made = replace(made, position=self.next_position())
        self._found.append(made)
        return made


def is_insert(node: Output) -> bool:
    """The whole expression is a call of one of the two macros that bring in template text."""
    last = node.expression.steps[-1]
    return isinstance(last, Call) and last.macro in (RENDER_DYNAMIC, RENDER_SNIPPET)


def arrange_plain(body: Body) -> Segments:
    """Nothing is looked for: headers, and regions, which are scanned after rendering."""
    return blockwise(body, _unscanned)


Run = list[Text | Output]


def blockwise(nodes: Body, scan: Callable[[Run], Iterable[Segment]]) -> Segments:
    segments: Segments = []
    run: Run = []
    for node in nodes:
        if isinstance(node, Text | Output):
            run.append(node)
            continue
        segments.extend(scan(run))
        run = []
        segments.append(node if isinstance(node, Break) else block(node, partial(blockwise, scan=scan)))
    segments.extend(scan(run))
    return segments


def block(node: If | Each, arrange_body: Callable[[Body], Segments]) -> Segment:
    if isinstance(node, Each):
        return Loop(node.items, node.line, arrange_body(node.body), node.glued)
    arms = []
    for branch in node.branches:  # a comprehension would take one more of Python's stack frames for each level
        arms.append(Arm(branch.condition, branch.line, arrange_body(branch.body)))
    return Choice(arms, node.glued)


def _unscanned(run: Run) -> Iterator[Segment]:
    for node in run:
        yield Literal(node.text) if isinstance(node, Text) else value_or_insert(Value(node))


def value_or_insert(value: Value[Output]) -> Segment:
    return Insert(value.hole) if is_insert(value.hole) and not value.in_url else value


class Scanner:
    """Looks for links in runs."""

    def __init__(self, kind: Kind, sites: Sites, edits: bool) -> None:
        self._kind = kind
        self.sites = sites
        self._edits = edits

    def text(self, run: Run) -> Iterator[Segment]:
        yield from self.pieces(run, text_links.scan(joined(run)))

    def pieces(self, run: Run, findings: Findings) -> Iterator[Segment]:
        if not self._edits:
            findings.edits.clear()
        holes = [node for node in run if isinstance(node, Output)]
        for piece in Stretch(joined(run), holes, findings).pieces():
            if isinstance(piece, Link):
                yield from self._link(piece)
            else:
                yield value_or_insert(piece) if isinstance(piece, Value) else piece

    def _link(self, link: Link[Output]) -> Iterator[Segment]:
        made = self.sites.add(link)
        if made is not None:
            yield TrackedLink(made, link)
        else:
            yield from link.url


def joined(run: Iterable[Text | Output]) -> str:
    return "".join(node.text if isinstance(node, Text) else HOLE for node in run)
