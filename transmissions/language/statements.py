"""Read the tags of a template in order and check that its statements fit together (contract 40 §1, §9)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from transmissions.language import lexer
from transmissions.language.expressions import Expression, Parser
from transmissions.language.faults import Mistake, near
from transmissions.language.lexer import Tag, Text, Token, TokenKind
from transmissions.language.tree import Output
from transmissions.language.words import STATEMENTS

# Blocks inside blocks: far above what people write, far below Python's stack.
DEEPEST_BLOCK = 128


@dataclass(slots=True)
class Statement:
    """`if`, `elseif`, `else`, `end`, `each`; `glued` marks an `end` whose line goes on with text (W3)."""

    keyword: str
    line: int
    expression: Expression | None = None
    glued: bool = False


Piece = Text | Output | Statement


@dataclass(slots=True)
class _Open:
    keyword: str
    line: int
    has_else: bool = False


def read(source: str, kept: Callable[[Tag, int], bool]) -> Iterator[Piece]:
    """Texts, outputs and statements in order; raises Mistake at the first one that is wrong."""
    blocks: list[_Open] = []
    for piece in lexer.split(source, kept):
        if isinstance(piece, Text):
            yield piece
            continue
        read_tag = _tag(piece)
        if isinstance(read_tag, Statement):
            _fit(read_tag, blocks)
        yield read_tag
    if blocks:
        raise Mistake(blocks[-1].line, f"missing 'end' for '{blocks[-1].keyword}'")


def _tag(tag: Tag) -> Output | Statement:
    tokens = lexer.tokens(tag)
    first = tokens[0]
    if first.kind is TokenKind.NAME and first.text in STATEMENTS:
        return _statement(tag, tokens)
    parser = Parser(tokens, tag.line, 0)
    expression = parser.parse()
    _expect_end(tag, tokens[parser.position :])
    return Output(expression, tag.raw, tag.line, tag.source)


def _statement(tag: Tag, tokens: list[Token]) -> Statement:
    keyword = tokens[0].text
    if keyword in ("else", "end"):
        _expect_end(tag, tokens[1:])
        return Statement(keyword, tag.line)
    parser = Parser(tokens, tag.line, 1)
    expression = parser.parse()
    rest = tokens[parser.position :]
    if keyword != "each" and rest[0] == (TokenKind.NAME, "then"):
        rest = rest[1:]
    _expect_end(tag, rest)
    return Statement(keyword, tag.line, expression)


def _expect_end(tag: Tag, rest: Iterable[Token]) -> None:
    token = next(iter(rest))
    if token.kind is not TokenKind.END:
        raise Mistake(tag.line, near(token.text))


def _fit(statement: Statement, blocks: list[_Open]) -> None:
    keyword = statement.keyword
    if keyword in ("if", "each"):
        if len(blocks) >= DEEPEST_BLOCK:
            raise Mistake(statement.line, near(keyword))
        blocks.append(_Open(keyword, statement.line))
    elif keyword == "end":
        if not blocks:
            raise Mistake(statement.line, "unexpected 'end'")
        blocks.pop()
    else:
        if not blocks or blocks[-1].keyword != "if" or blocks[-1].has_else:
            raise Mistake(statement.line, near(keyword))
        blocks[-1].has_else = keyword == "else"
