"""Data that a template asks for and recipients do not have."""

from collections.abc import Iterable

from transmissions.language import Scope
from transmissions.language.names import Path, Use, is_missing, uses
from transmissions.preflight.findings import Gathering, Level
from transmissions.preflight.parts import Part

# More names than people write; the rest of a template that has them is not looked at.
_MOST_NAMES = 2000


class Wanted:
    """The names of all parts, each with the first place that has no answer to its absence."""

    def __init__(self, parts: Iterable[Part]) -> None:
        """Parts have to be free of syntax faults."""
        self._places: dict[Path, tuple[str, Use]] = {}
        for part in parts:
            for use in uses(part.label, part.source):
                known = self._places.get(use.path)
                if known is None and len(self._places) >= _MOST_NAMES:
                    continue
                if known is None or (known[1].has_fallback and not use.has_fallback):
                    self._places[use.path] = part.label, use

    def check(self, found: Gathering, scope: Scope) -> None:
        """Adds what this recipient lacks and the template shows all the same."""
        for path, (part, use) in self._places.items():
            if not use.has_fallback and is_missing(scope, path):
                what = f"{{{{{'.'.join(path)}}}}} is missing in the data: nothing will stand in its place"
                found.add(f"missing {path}", Level.WARNING, part, use.line, what)

    def check_all(self, found: Gathering, scopes: list[Scope]) -> None:
        """Adds names that are only asked about, where no recipient at all has them: perhaps misspelt."""
        for path, (part, use) in self._places.items():
            if use.has_fallback and all(is_missing(scope, path) for scope in scopes):
                what = (
                    f"{{{{{'.'.join(path)}}}}} is asked for, and no recipient looked at has it: is it spelt right?"
                )
                for person in range(len(scopes)):
                    found.now(person, "")
                    found.add(f"unknown {path}", Level.NOTE, part, use.line, what)
