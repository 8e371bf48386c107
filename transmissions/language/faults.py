"""What can be wrong with a template, in the contract's words (contract 20 §6, 40 §14)."""

# A token quoted in a fault is cut here, so that a hostile template cannot blow up an error list.
_LONGEST_TOKEN = 60


class TemplateFault(Exception):  # noqa: N818
    """A template cannot be compiled or rendered.

    `part` is the label that the caller gave (`text`, `html`, `Header:Subject` …), `line` the 1-based line of
    the tag's opening braces in that part, `what` the short reason.
    """

    doing = ""

    def __init__(self, part: str, line: int, what: str) -> None:
        super().__init__(part, line, what)
        self.part = part
        self.line = line
        self.what = what

    @property
    def description(self) -> str:
        return f"Error while {self.doing} part {self.part}: line {self.line}: {self.what}"

    def __str__(self) -> str:
        return self.description


class SyntaxFault(TemplateFault):
    """Raised while compiling; the API answers 422 `3000`."""

    doing = "compiling"


class RenderFault(TemplateFault):
    """Raised while rendering for one recipient; a `generation_failure`, in previews 422 `3001`."""

    doing = "rendering"


class Trouble(Exception):  # noqa: N818
    """A render fault on its way up: the part is known only to the program that is running."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(line, what)
        self.line = line
        self.what = what


class Mistake(Exception):  # noqa: N818
    """A syntax fault on its way up, before the part is known."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(line, what)
        self.line = line
        self.what = what


MISSING_BRACES = "substitution statement missing ending '}}'"


def near(token: str) -> str:
    shown = token if len(token) <= _LONGEST_TOKEN else token[:_LONGEST_TOKEN] + "…"
    return f"syntax error near '{shown}'"
