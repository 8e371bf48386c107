"""Arrange the tree of a markup part: runs where the markup is certain, regions where it is not (see flow)."""

from collections.abc import Iterable
from functools import partial

from transmissions.language import html_links
from transmissions.language.flow import (
    Insert,
    Region,
    Run,
    Scanner,
    Segments,
    Sites,
    arrange_plain,
    block,
    blockwise,
    is_insert,
    joined,
)
from transmissions.language.markup import TEXT, State, skip
from transmissions.language.reach import Reach
from transmissions.language.tree import Body, Each, If, Node, Output, Text
from transmissions.language.words import Kind


def arrange(body: Body, kind: Kind, sites: Sites, *, edits: bool = True) -> Segments:
    """The segments of a part's tree; without `edits` (previews) links and their attributes stay as written."""
    if kind is Kind.HEADER:
        return arrange_plain(body)
    scanner = Scanner(kind, sites, edits)
    return _arranged(body, TEXT, scanner, Reach()) if kind.is_markup else blockwise(body, scanner.text)


def _arranged(body: Body, state: State, scanner: Scanner, reach: Reach) -> Segments:
    return _Flow(state, scanner, reach).arrange(body)


class _Flow:
    """Walks one body; `_state` is where the markup stands behind everything arranged so far."""

    def __init__(self, state: State, scanner: Scanner, reach: Reach) -> None:
        self._state = state
        self._scanner = scanner
        self._reach = reach
        self._segments: Segments = []
        self._run: Run = []

    def arrange(self, nodes: Body) -> Segments:
        waiting = list(reversed(nodes))
        while waiting:
            node = waiting.pop()
            if isinstance(node, Text) or (isinstance(node, Output) and not is_insert(node)):
                self._run.append(node)
                continue
            head = self._flush()
            if head or self._reach.after(node, [self._state]) != {self._state}:
                self._region(head, node, waiting)
            elif isinstance(node, If | Each):
                inside = partial(_arranged, state=self._state, scanner=self._scanner, reach=self._reach)
                self._segments.append(block(node, inside))
            else:
                self._segments.append(Insert(node) if isinstance(node, Output) else node)
        head = self._flush()
        if head:
            self._append_region([*head])
        return self._segments

    def _flush(self) -> Run:
        """Arranges the run; what belongs to a tag that it does not finish is given back."""
        run, self._run = self._run, []
        findings, state, end = html_links.scan(joined(run), self._state)
        whole, rest = split_run(run, end)
        self._segments.extend(self._scanner.pieces(whole, findings))
        self._state = TEXT if rest else state
        return rest

    def _region(self, head: Run, node: Node, waiting: Body) -> None:
        """From an unfinished tag, or a block that leaves one, to where all ways lead to the same steady state."""
        region: Body = [*head]
        states = frozenset({self._state})
        for part in head:
            states = self._reach.after(part, states)
        following: Node | None = node
        while following is not None:
            if isinstance(following, Text):
                certain, rest, states = _until_certain(following.text, states)
                region.append(Text(certain))
                if rest:
                    waiting.append(Text(rest))
            else:
                states = self._reach.after(following, states)
                region.append(following)
            if len(states) == 1 and next(iter(states)).is_steady:
                break
            following = waiting.pop() if waiting else None
        self._append_region(region)
        self._state = next(iter(states))

    def _append_region(self, body: Body) -> None:
        self._segments.append(Region(arrange_plain(body), self._state, self._scanner.sites.next_position()))


def split_run(run: Run, end: int) -> tuple[Run, Run]:
    """The run cut at an index of its joined text."""
    whole: Run = []
    for number, node in enumerate(run):
        width = len(node.text) if isinstance(node, Text) else 1
        if width > end:
            if isinstance(node, Text) and end:
                return [*whole, Text(node.text[:end])], [Text(node.text[end:]), *run[number + 1 :]]
            return whole, run[number:]
        whole.append(node)
        end -= width
    return whole, []


def _until_certain(text: str, states: Iterable[State]) -> tuple[str, str, frozenset[State]]:
    """The text up to the ">" behind which all states have become the same steady one, and the rest."""
    current = frozenset(states)
    position = 0
    while position < len(text):
        end = text.find(">", position) + 1 or len(text)
        current = frozenset(skip(state, text[position:end]) for state in current)
        position = end
        if len(current) == 1 and next(iter(current)).is_steady:
            break
    return text[:position], text[position:], current
