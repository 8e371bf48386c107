"""What one rendering may cost: size, steps and snippet calls (contract 40 §11, §16.10)."""

from typing import Any

from transmissions.language.faults import Trouble

MAX_RENDERED = 20_000_000  # bytes, or characters where a program renders to text
MAX_STEPS = 3_000_000  # outputs, conditions and operators evaluated in loops; some seconds of work
MAX_SNIPPETS = 5
_CHECK_EVERY = 64  # pieces between two measurements: the most that can be made before the limit is noticed

TOO_LARGE = "rendered content is larger than 20 MB"
TOO_MUCH_WORK = "too much work in loops"


class Budget:
    """Counts one list of pieces; `mark` is the length at which `measure` is due."""

    __slots__ = ("_measured", "_size", "_work", "mark")

    def __init__(self) -> None:
        self.mark = _CHECK_EVERY
        self._measured = 0
        self._size = 0
        self._work = [0]

    def inner(self) -> "Budget":
        """For a list of pieces beside this one: its size counts from here on, work is counted together."""
        budget = Budget()
        budget._size = self._size
        budget._work = self._work
        return budget

    def measure(self, pieces: list[Any], line: int) -> None:
        self._size += sum(map(len, pieces[self._measured :]))
        self._measured = len(pieces)
        self.mark = self._measured + _CHECK_EVERY
        if self._size > MAX_RENDERED:
            raise Trouble(line, TOO_LARGE)

    def spend(self, steps: int, line: int) -> None:
        self._work[0] += steps
        if self._work[0] > MAX_STEPS:
            raise Trouble(line, TOO_MUCH_WORK)
