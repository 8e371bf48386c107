"""Cut a template into text and tags, and a tag into tokens (contract 40 §1)."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from transmissions.language.faults import MISSING_BRACES, Mistake

_OPENING = re.compile(r"\{\{+")
_STRING = r""""[^"\\]*+(?:\\.[^"\\]*+)*+"|'[^'\\]*+(?:\\.[^'\\]*+)*+'"""
_WHOLE_STRING = re.compile(_STRING, re.DOTALL)
_QUOTE_OR_END = {False: re.compile(r"""["']|\}\}"""), True: re.compile(r"""["']|\}\}\}""")}
_TOKEN = re.compile(
    rf"""[ \t\r\n]*+(?:
        (?P<NUMBER>[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)
      | (?P<NAME>[A-Za-z_][A-Za-z0-9_]*+)
      | (?P<STRING>{_STRING})
      | (?P<SIGN>==|!=|<=|>=|[<>+\-*/#.\[\](),])
      | (?P<STRANGE>.)
      | (?P<END>\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t"}


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Tag:
    """One `{{…}}` or `{{{…}}}`: `body` between the braces, `source` with them, `line` of the opening braces."""

    body: str
    source: str
    raw: bool
    line: int


class TokenKind(Enum):
    NUMBER = "NUMBER"
    NAME = "NAME"
    STRING = "STRING"
    SIGN = "SIGN"
    STRANGE = "STRANGE"
    END = "END"


class Token(NamedTuple):
    kind: TokenKind
    text: str


def split(source: str, kept: Callable[[Tag, int], bool] = lambda tag, start: False) -> Iterator[Text | Tag]:
    """Text and tags in order; tags for which `kept(tag, start)` says so stay text (the AMP rule, §11).

    Raises Mistake for a tag without its closing braces. Two runs of text may follow each other.
    """
    position = 0
    line, counted = 1, 0
    while opening := _OPENING.search(source, position):
        raw = opening.end() - opening.start() >= 3
        start = opening.end() - (3 if raw else 2)
        line += source.count("\n", counted, start)
        counted = start
        if start > position:
            yield Text(source[position:start])
        end = _end_of_tag(source, opening.end(), raw)
        if end is None:
            raise Mistake(line, MISSING_BRACES)
        width = opening.end() - start
        tag = Tag(source[opening.end() : end - width], source[start:end], raw, line)
        yield Text(tag.source) if kept(tag, start) else tag
        position = end
    if position < len(source):
        yield Text(source[position:])


def _end_of_tag(source: str, position: int, raw: bool) -> int | None:
    """The index behind the closing braces, string literals skipped; None when there are none."""
    stop = _QUOTE_OR_END[raw]
    while found := stop.search(source, position):
        if found[0][0] == "}":
            return found.end()
        string = _WHOLE_STRING.match(source, found.start())
        if string is None:
            return None
        position = string.end()
    return None


def tokens(tag: Tag) -> list[Token]:
    """The tokens of a tag, closed by END with the closing braces; stops at the first strange character."""
    found = []
    position = 0
    while True:
        match = _TOKEN.match(tag.body, position)
        assert match is not None
        assert match.lastgroup is not None
        kind = TokenKind(match.lastgroup)
        if kind is TokenKind.END:
            found.append(Token(kind, "}}}" if tag.raw else "}}"))
            return found
        found.append(Token(kind, match[kind.value]))
        if kind is TokenKind.STRANGE:
            return found
        position = match.end()


def string_value(token: str) -> str:
    """The value of a STRING token: quotes off, escapes undone."""
    body = token[1:-1]
    if "\\" not in body:
        return body
    return _ESCAPE.sub(lambda match: _ESCAPED.get(match[1], match[1]), body)
