"""The tree of one template: what the parser makes and the translator reads."""

from dataclasses import dataclass, field

from transmissions.language.expressions import Expression


@dataclass(slots=True)
class Text:
    text: str


@dataclass(slots=True)
class Break:
    """A line break at the end of a text, which a glued `end` may take back (rule W3)."""

    text: str


@dataclass(slots=True)
class Output:
    """`{{expr}}` or `{{{expr}}}`; `source` is the tag as written, for labels of links."""

    expression: Expression
    raw: bool
    line: int
    source: str


@dataclass(slots=True)
class Branch:
    """One arm of an `if`; the condition of `else` is None."""

    condition: Expression | None
    line: int
    body: "Body" = field(default_factory=list)


@dataclass(slots=True)
class If:
    branches: list[Branch]
    glued: bool = False


@dataclass(slots=True)
class Each:
    items: Expression
    line: int
    body: "Body" = field(default_factory=list)
    glued: bool = False


Node = Text | Break | Output | If | Each
Body = list[Node]
