"""The words of the language (contract 40 §2, §10) and the kinds of part it works in."""

from enum import Enum

_WORDS = """
    and break do else elseif end false for function if in local nil not or each repeat return then true until while
"""
LANGUAGE_WORDS = frozenset(_WORDS.split())
STATEMENTS = frozenset({"if", "elseif", "else", "end", "each"})
RESERVED_NAMES = frozenset({"address", "email", "email_id", "env_from", "return_path"})
LOOP_NAMES = frozenset({"loop_var", "loop_vars", "loop_index"})
DYNAMIC_ROOTS = frozenset({"dynamic_html", "dynamic_plain", "dynamic_amp_html"})

RENDER_DYNAMIC, RENDER_SNIPPET = "render_dynamic_content", "render_snippet"

BRACES = {
    "opening_single_curly": "{",
    "closing_single_curly": "}",
    "opening_double_curly": "{{",
    "closing_double_curly": "}}",
    "opening_triple_curly": "{{{",
    "closing_triple_curly": "}}}",
}

# macro -> number of arguments
MACROS = {"empty": 1, RENDER_DYNAMIC: 1, RENDER_SNIPPET: 1} | dict.fromkeys(BRACES, 0)


class Kind(Enum):
    """How a part treats values and links; the value is its name in snippets and tokens."""

    TEXT = "text"
    HTML = "html"
    AMP = "amp_html"
    HEADER = "header"

    @property
    def is_markup(self) -> bool:
        return self in (Kind.HTML, Kind.AMP)


_KINDS = {
    "text": Kind.TEXT,
    "html": Kind.HTML,
    "amp_html": Kind.AMP,
    "text/plain": Kind.TEXT,
    "text/html": Kind.HTML,
    "text/x-amp-html": Kind.AMP,
}


def kind_of(part: str) -> Kind:
    """The kind of a part by its label; every other label (`Header:Subject`, `return_path`) is a header's."""
    return _KINDS.get(part, Kind.HEADER)
