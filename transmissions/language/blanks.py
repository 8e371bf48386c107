"""The blank and line-break rules W1 to W3, applied to the template's text when it is compiled (contract 40 §9.1).

A line ends at a line break of the text; a break inside a tag ends none.
"""

from collections.abc import Iterable, Iterator

from transmissions.language.lexer import Text
from transmissions.language.statements import Piece, Statement

_BLANKS = " \t"
_BLANKS_AND_BREAKS = " \t\r\n"


def tidy(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """The pieces with the blanks and breaks around statements taken away; an `end` to be glued is marked."""
    for line in _lines(pieces):
        if not any(isinstance(piece, Statement) for piece in line):
            yield from line
        elif all(isinstance(piece, Statement) or _is_blank(piece) for piece in line):
            yield from (piece for piece in line if isinstance(piece, Statement))
        else:
            yield from _mixed(line)


def _lines(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Lines as lists of pieces; only the last piece of a line holds a line break.

    Text without any statement in its line stays in one piece.
    """
    line: list[Piece] = []
    for piece in pieces:
        if not isinstance(piece, Text) or "\n" not in piece.text:
            line.append(piece)
            continue
        first = piece.text.index("\n") + 1
        last = piece.text.rindex("\n") + 1
        yield [*line, Text(piece.text[:first])]
        if first < last:
            yield [Text(piece.text[first:last])]
        line = [Text(piece.text[last:])] if last < len(piece.text) else []
    if line:
        yield line


def _is_blank(piece: Piece) -> bool:
    return isinstance(piece, Text) and not piece.text.strip(_BLANKS_AND_BREAKS)


def _mixed(line: list[Piece]) -> list[Piece]:
    """A line of statements and other things: rules W2 and W3."""
    kept = _without_trailing_blanks(line)
    leading = 0
    while _is_blank(kept[leading]):
        leading += 1
    first = kept[leading]
    if isinstance(first, Statement) and first.keyword == "end":
        first.glued = True
        return kept[leading:]
    return kept


def _without_trailing_blanks(line: list[Piece]) -> list[Piece]:
    end = len(line)
    while _is_blank(line[end - 1]):
        end -= 1
    if not isinstance(line[end - 1], Statement):
        return line
    tail = "".join(piece.text for piece in line[end:] if isinstance(piece, Text))
    return [*line[:end], Text(tail.lstrip(_BLANKS))]


def split_break(text: str) -> tuple[str, str]:
    """A text without its closing line break, and the break ("" when there is none)."""
    for line_break in ("\r\n", "\n"):
        if text.endswith(line_break):
            return text[: -len(line_break)], line_break
    return text, ""
