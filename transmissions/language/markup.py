"""A tokenizer of HTML as browsers read it, resumable at any point (contract 40 §12.1).

It reads template text in which HOLE stands for each expression: an ordinary character of names and values,
never part of a delimiter.
"""

import re
from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import NamedTuple

HOLE = "\0"

_RAW_ELEMENTS = frozenset({"script", "style", "textarea", "title"})
# One mail client shows what is inside <!--[if …]> … <![endif]-->: that is markup. "<!-->" is a whole comment.
_OPENING = re.compile(rf"<!--\[if\b|<!--(?:-?>)?|<[!?]|</?[A-Za-z{HOLE}]", re.IGNORECASE)
_COMMENT_END = re.compile(r"--!?>")
_NAME = re.compile(r"[^\s/>]*")
_BETWEEN = re.compile(r"[\s/]*")
_ATTRIBUTE = re.compile(r"=?[^\s/>=]*")
_BLANKS = re.compile(r"\s*")
_UNQUOTED = re.compile(r"[^\s>]*")
_RAW_END = {name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE) for name in _RAW_ELEMENTS}


class Mode(Enum):
    TEXT = auto()
    COMMENT = auto()
    DECLARATION = auto()
    RAW_TEXT = auto()
    TAG_NAME = auto()
    IN_TAG = auto()
    ATTRIBUTE = auto()
    AFTER_NAME = auto()
    BEFORE_VALUE = auto()
    DOUBLE_QUOTED = auto()
    SINGLE_QUOTED = auto()
    UNQUOTED = auto()


class State(NamedTuple):
    """Where the tokenizer is; `element` is the tag or raw-text element it is in, "/a" for an end tag."""

    mode: Mode
    element: str = ""

    @property
    def is_steady(self) -> bool:
        """Outside of any tag: whatever comes next starts something of its own."""
        return self.mode in (Mode.TEXT, Mode.COMMENT, Mode.DECLARATION, Mode.RAW_TEXT)


TEXT = State(Mode.TEXT)


class Part(Enum):
    """What a token is; only tags give tokens."""

    OPEN = auto()  # "<a" or "</a"
    NAME = auto()  # of an attribute
    VALUE = auto()  # without quotes
    CLOSE = auto()  # ">"


class Token(NamedTuple):
    part: Part
    start: int
    end: int
    element: str


class Step(NamedTuple):
    """One move of the tokenizer: where it goes on, in which state, and the token it has found."""

    position: int
    state: State
    token: Token | None = None


class Tokenizer:
    """Give it text with `feed`; `state` says where it stands afterwards."""

    def __init__(self, state: State = TEXT) -> None:
        self.state = state

    def feed(self, text: str) -> Iterator[Token]:
        position = 0
        while position < len(text):
            position, self.state, token = _STEPS[self.state.mode](text, position, self.state.element)
            if token:
                yield token


def skip(state: State, text: str) -> State:
    """The state behind a text whose tokens nobody wants."""
    tokenizer = Tokenizer(state)
    for _ in tokenizer.feed(text):
        pass
    return tokenizer.state


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position


def _text(text: str, position: int, element: str) -> Step:
    opening = _OPENING.search(text, position)
    if opening is None:
        return Step(len(text), TEXT)
    found = opening[0]
    if found == "<!--":
        return Step(opening.end(), State(Mode.COMMENT))
    if found.endswith("->"):
        return Step(opening.end(), TEXT)
    if found[1] in "!?":
        return Step(opening.end(), State(Mode.DECLARATION))
    return Step(opening.end() - 1, State(Mode.TAG_NAME, found[1:-1]))


def _comment(text: str, position: int, element: str) -> Step:
    found = _COMMENT_END.search(text, position)
    return Step(found.end(), TEXT) if found else Step(len(text), State(Mode.COMMENT))


def _declaration(text: str, position: int, element: str) -> Step:
    end = text.find(">", position)
    return Step(end + 1, TEXT) if end >= 0 else Step(len(text), State(Mode.DECLARATION))


def _raw_text(text: str, position: int, element: str) -> Step:
    found = _RAW_END[element].search(text, position)
    return Step(found.start(), TEXT) if found else Step(len(text), State(Mode.RAW_TEXT, element))


def _tag_name(text: str, position: int, element: str) -> Step:
    end = _end(_NAME, text, position)
    name = element + text[position:end].lower()
    start = position - len(element) - 1
    state = State(Mode.TAG_NAME if end == len(text) else Mode.IN_TAG, name)
    return Step(end, state, Token(Part.OPEN, start, end, name))


def _in_tag(text: str, position: int, element: str) -> Step:
    end = _end(_BETWEEN, text, position)
    if end == len(text):
        return Step(end, State(Mode.IN_TAG, element))
    if text[end] != ">":
        return Step(end, State(Mode.ATTRIBUTE, element))
    after = State(Mode.RAW_TEXT, element) if element in _RAW_ELEMENTS else TEXT
    return Step(end + 1, after, Token(Part.CLOSE, end, end + 1, element))


def _attribute(text: str, position: int, element: str) -> Step:
    end = _end(_ATTRIBUTE, text, position)
    mode = Mode.ATTRIBUTE if end == len(text) else Mode.AFTER_NAME
    return Step(end, State(mode, element), Token(Part.NAME, position, end, element))


def _after_name(text: str, position: int, element: str) -> Step:
    end = _end(_BLANKS, text, position)
    if end == len(text):
        return Step(end, State(Mode.AFTER_NAME, element))
    if text[end] == "=":
        return Step(end + 1, State(Mode.BEFORE_VALUE, element))
    return Step(end, State(Mode.IN_TAG, element))


def _before_value(text: str, position: int, element: str) -> Step:
    end = _end(_BLANKS, text, position)
    if end == len(text):
        return Step(end, State(Mode.BEFORE_VALUE, element))
    mode = _VALUE_MODES.get(text[end], Mode.UNQUOTED)
    return Step(end if mode in (Mode.UNQUOTED, Mode.IN_TAG) else end + 1, State(mode, element))


def _quoted(mode: Mode, quote: str) -> Callable[[str, int, str], Step]:
    def step(text: str, position: int, element: str) -> Step:
        end = text.find(quote, position)
        if end < 0:
            return Step(len(text), State(mode, element), Token(Part.VALUE, position, len(text), element))
        return Step(end + 1, State(Mode.IN_TAG, element), Token(Part.VALUE, position, end, element))

    return step


def _unquoted(text: str, position: int, element: str) -> Step:
    end = _end(_UNQUOTED, text, position)
    mode = Mode.UNQUOTED if end == len(text) else Mode.IN_TAG
    return Step(end, State(mode, element), Token(Part.VALUE, position, end, element))


_VALUE_MODES = {'"': Mode.DOUBLE_QUOTED, "'": Mode.SINGLE_QUOTED, ">": Mode.IN_TAG}

_STEPS: dict[Mode, Callable[[str, int, str], Step]] = {
    Mode.TEXT: _text,
    Mode.COMMENT: _comment,
    Mode.DECLARATION: _declaration,
    Mode.RAW_TEXT: _raw_text,
    Mode.TAG_NAME: _tag_name,
    Mode.IN_TAG: _in_tag,
    Mode.ATTRIBUTE: _attribute,
    Mode.AFTER_NAME: _after_name,
    Mode.BEFORE_VALUE: _before_value,
    Mode.DOUBLE_QUOTED: _quoted(Mode.DOUBLE_QUOTED, '"'),
    Mode.SINGLE_QUOTED: _quoted(Mode.SINGLE_QUOTED, "'"),
    Mode.UNQUOTED: _unquoted,
}
