"""What a preflight has found, gathered over its recipients."""

from dataclasses import dataclass
from enum import IntEnum

MOST_FINDINGS = 200
_LONGEST = 300


class Level(IntEnum):
    """An error keeps messages from being sent, a warning is seen by readers, a note is worth a thought."""

    ERROR = 1
    WARNING = 2
    NOTE = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing in one place: `count` recipients have it, `example` is the first of them.

    `part` is labelled as in faults (contract 20 §6); `line` counts in the template from 1, None for the part as a
    whole and for what came from data.
    """

    level: Level
    part: str
    line: int | None
    what: str
    count: int
    example: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Findings, the gravest first; `checked` recipients were rendered, fewer than given if they are large."""

    findings: tuple[Finding, ...]
    checked: int


class Gathering:
    """Findings of the same kind in the same place become one; each recipient counts once for it."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, int | None], Finding] = {}
        self._last: dict[tuple[str, str, int | None], int] = {}
        self._person, self._label = 0, ""

    def now(self, person: int, label: str) -> None:
        """What is added from here on is about this recipient."""
        self._person, self._label = person, label

    def add(self, kind: str, level: Level, part: str, line: int | None, what: str) -> None:
        """`kind` and place tell whether it is the same as before; the text of the first is kept."""
        key = kind, part, line
        before = self._found.get(key)
        if before is None:
            if len(self._found) < MOST_FINDINGS:
                shown = what if len(what) <= _LONGEST else what[:_LONGEST] + "…"
                self._found[key] = Finding(level, part, line, shown, 1, self._label)
                self._last[key] = self._person
        elif self._last[key] != self._person:
            self._found[key] = Finding(level, part, line, before.what, before.count + 1, before.example)
            self._last[key] = self._person

    def count(self, kind: str, part: str, line: int | None) -> int:
        """How many recipients have this."""
        found = self._found.get((kind, part, line))
        return found.count if found else 0

    def report(self, checked: int) -> Report:
        ordered = sorted(self._found.values(), key=lambda one: (one.level, one.part, one.line or 0))
        return Report(tuple(ordered), checked)
