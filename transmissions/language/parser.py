"""From the text of a part to its tree."""

from collections.abc import Callable, Container, Iterable, Iterator
from itertools import zip_longest

from transmissions.language import lexer
from transmissions.language.blanks import split_break, tidy
from transmissions.language.expressions import Call
from transmissions.language.faults import Mistake
from transmissions.language.mustache import kept_tags
from transmissions.language.statements import Piece, Statement, read
from transmissions.language.tree import Body, Branch, Break, Each, If, Node, Output, Text
from transmissions.language.words import Kind


def parse(source: str, kind: Kind) -> Body:
    """The tree of a template, blank rules applied; raises Mistake at the first thing that is wrong."""
    return _tree(tidy(read(source, _kept(source, kind))))


def check(source: str, kind: Kind, refused: Container[str] = ()) -> None:
    """Raises Mistake when `parse` would, at the least cost; macros in `refused` count as unknown."""
    for piece in read(source, _kept(source, kind)):
        if refused and not isinstance(piece, lexer.Text) and piece.expression:
            for step in piece.expression.steps:
                if isinstance(step, Call) and step.macro in refused:
                    raise Mistake(piece.line, f"unknown macro '{step.macro}'")


def _kept(source: str, kind: Kind) -> Callable[[lexer.Tag, int], bool]:
    return kept_tags(source) if kind is Kind.AMP else lambda tag, start: False


def _tree(pieces: Iterable[Piece]) -> Body:
    bodies: list[Body] = [[]]  # the innermost open body last
    blocks: list[If | Each] = []
    for piece in pieces:
        if isinstance(piece, lexer.Text):
            _add_text(bodies[-1], piece.text)
        elif isinstance(piece, Output):
            bodies[-1].append(piece)
        elif piece.keyword in ("if", "each"):
            block = _open(piece)
            bodies[-1].append(block)
            blocks.append(block)
            bodies.append(_bodies(block)[-1])
        elif piece.keyword == "end":
            bodies.pop()
            _close(blocks.pop(), piece)
        else:
            inner = blocks[-1]
            assert isinstance(inner, If)
            inner.branches.append(Branch(piece.expression, piece.line))
            bodies[-1] = inner.branches[-1].body
    return bodies[0]


def _open(piece: Statement) -> If | Each:
    assert piece.expression is not None
    if piece.keyword == "each":
        return Each(piece.expression, piece.line)
    return If([Branch(piece.expression, piece.line)])


def _bodies(block: If | Each) -> list[Body]:
    return [block.body] if isinstance(block, Each) else [branch.body for branch in block.branches]


def _close(block: If | Each, end: Statement) -> None:
    block.glued = end.glued
    if not end.glued:
        return
    waiting = _bodies(block)
    while waiting:
        body = waiting.pop()
        body[:] = _with_breaks(body)
        waiting.extend(inner for node in body if isinstance(node, If | Each) for inner in _bodies(node))


def _with_breaks(body: Body) -> Iterator[Node]:
    """Inside a glued block: the break that may be the last thing produced stands by itself (rule W3)."""
    for node, following in zip_longest(body, body[1:]):
        if isinstance(node, Text) and not isinstance(following, Output | Break):
            text, line_break = split_break(node.text)
            if text:
                yield Text(text)
            if line_break:
                yield Break(line_break)
        else:
            yield node


def _add_text(body: Body, text: str) -> None:
    if not text:
        return
    if body and isinstance(body[-1], Text):
        body[-1].text += text
    else:
        body.append(Text(text))
