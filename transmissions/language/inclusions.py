"""Inclusions: dynamic content and snippets, template text that comes in while rendering (contract 40 §11)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from transmissions.language.budget import MAX_SNIPPETS, Budget
from transmissions.language.expressions import Call
from transmissions.language.faults import Mistake, Trouble
from transmissions.language.links import Tracked
from transmissions.language.operators import type_name
from transmissions.language.scope import Scope
from transmissions.language.texts import Raw
from transmissions.language.words import RENDER_SNIPPET, Kind

FindSnippet = Callable[[str], Mapping[str, str | None] | None]
"""Snippet id -> its `html`, `text` and `amp_html`, or None when there is no such snippet."""

Outer = tuple[Any, Any, Mapping[str, Any]]
NO_LOOPS: Outer = (None, None, {})


@dataclass(frozen=True, slots=True)
class Inclusion:
    """A compiled inclusion: its function, called like all functions of a program, and its weight in steps."""

    run: Callable[..., int]
    weight: int


class Inclusions:
    """Compiles each text once and runs it inside of the part that calls for it."""

    def __init__(
        self, kind: Kind, compile_inclusion: Callable[[str], Inclusion], find_snippet: FindSnippet | None
    ) -> None:
        """`compile_inclusion` raises Mistake for a text that is no template."""
        self._kind = kind
        self._compile = compile_inclusion
        self._find_snippet = find_snippet
        self._compiled: dict[str, Inclusion | Mistake] = {}

    def pieces(
        self, scope: Scope, budget: Budget, tracked: Tracked, outer: Outer, call: Call, value: Any, line: int
    ) -> list[Any]:
        """The encoded pieces of the text that a macro names by `value`."""
        if call.macro == RENDER_SNIPPET:
            source = self._snippet(scope, value, line)
            return self._run(source, f"snippet '{value}'", scope, budget, tracked, outer, line) if source else []
        source = _dynamic(call, value, line)
        return self._run(source, "dynamic content", scope, budget, tracked, outer, line) if source else []

    def text(self, *arguments: Any) -> Raw:
        """The same as text, for a macro inside of a larger expression; the pieces have to be strings."""
        return Raw("".join(self.pieces(*arguments)))

    def _run(
        self, source: str, where: str, scope: Scope, budget: Budget, tracked: Tracked, outer: Outer, line: int
    ) -> list[Any]:
        inclusion = self._inclusion(source)
        if isinstance(inclusion, Mistake):
            raise Trouble(line, f"{where}, line {inclusion.line}: {inclusion.what}")
        budget.spend(inclusion.weight, line)
        pieces: list[Any] = []
        inner = budget.inner()
        try:
            inclusion.run(scope, pieces, inner, tracked, outer, -1)
            inner.measure(pieces, 1)
        except Trouble as trouble:
            raise Trouble(line, f"{where}, line {trouble.line}: {trouble.what}") from None
        return pieces

    def _inclusion(self, source: str) -> Inclusion | Mistake:
        if source not in self._compiled:
            try:
                self._compiled[source] = self._compile(source)
            except Mistake as mistake:
                self._compiled[source] = mistake
        return self._compiled[source]

    def _snippet(self, scope: Scope, name: Any, line: int) -> str | None:
        if not isinstance(name, str):
            raise Trouble(line, f"render_snippet needs the id of a snippet, not {type_name(name)}")
        scope.snippet_calls += 1
        if scope.snippet_calls > MAX_SNIPPETS:
            raise Trouble(line, f"more than {MAX_SNIPPETS} calls of render_snippet in one message")
        contents = self._find_snippet(name) if self._find_snippet else None
        if contents is None:
            raise Trouble(line, f"unknown snippet '{name[:64]}'")
        return contents.get("text" if self._kind is Kind.HEADER else self._kind.value)


def _dynamic(call: Call, value: Any, line: int) -> str | None:
    if not call.rooted:
        raise Trouble(
            line, "render_dynamic_content needs a member of dynamic_html, dynamic_plain or dynamic_amp_html"
        )
    if value is not None and not isinstance(value, str):
        raise Trouble(line, f"render_dynamic_content needs text, not {type_name(value)}")
    return value


class NoInclusions:
    """Inside of an inclusion: both macros are refused when they are called."""

    def pieces(self, *arguments: Any) -> list[Any]:
        call, line = arguments[4], arguments[6]
        raise Trouble(line, f"{call.macro} is not allowed inside of dynamic content and snippets")

    def text(self, *arguments: Any) -> Raw:
        return Raw("".join(self.pieces(*arguments)))
