"""The rows of a CSV file (RFC 4180) in bounded memory; a bad row does not take its neighbours with it."""

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

# Room for the largest substitution data and metadata with every quote doubled.
MAX_ROW_BYTES = 1024 * 1024
BYTE_ORDER_MARK = b"\xef\xbb\xbf"

_SKIP_BYTES = 64 * 1024
# The module's own limit (128 KB per cell) is smaller than substitution data may be; it is one for the process.
csv.field_size_limit(MAX_ROW_BYTES)


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one row; `line` is the 1-based line of the file where it begins."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that is not CSV, and why; reading goes on in the line after `line`."""

    line: int
    reason: str


class RowReader:
    """Reads `stream` (bytes, found to be UTF-8) from where it stands, which is `position`, after `line` lines.

    Between two rows `position` and `line` say where to go on: seek there and make a new reader.
    """

    def __init__(self, stream: BinaryIO, delimiter: str, position: int = 0, line: int = 0) -> None:
        self._lines = _Lines(stream, position, line)
        self._reader = csv.reader(self._lines, delimiter=delimiter, strict=True)

    @property
    def position(self) -> int:
        return self._lines.position

    @property
    def line(self) -> int:
        return self._lines.line

    def __iter__(self) -> Iterator[Row | Unreadable]:
        """Every row but the blank ones."""
        while True:
            first_line = self._lines.begin_row()
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except _TooLongError:
                yield self._refused(first_line, f"the row is longer than {MAX_ROW_BYTES:,} bytes")
            except csv.Error as problem:
                yield self._refused(first_line, _in_words(str(problem)))
            else:
                if any(cells):
                    yield Row(first_line, cells)

    def _refused(self, line: int, reason: str) -> Unreadable:
        # A quote that is never closed swallows the lines after it: they are read again as rows of their own.
        self._lines.give_back_all_but_first()
        return Unreadable(line, reason)


class _TooLongError(Exception):
    """The row has more bytes than a row may have."""


class _Lines:
    """The lines of the file as text; remembers those of the current row, so that they can be given back."""

    def __init__(self, stream: BinaryIO, position: int, line: int) -> None:
        self.position = position
        self.line = line
        self._stream = stream
        self._given_back: deque[bytes] = deque()
        self._row: list[bytes] = []
        self._row_bytes = 0

    def begin_row(self) -> int:
        """The line where the next row begins."""
        self._row.clear()
        self._row_bytes = 0
        return self.line + 1

    def give_back_all_but_first(self) -> None:
        for raw in reversed(self._row[1:]):
            self._given_back.appendleft(raw)
            self.position -= len(raw)
            self.line -= 1

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        raw = self._given_back.popleft() if self._given_back else self._stream.readline(MAX_ROW_BYTES + 1)
        if not raw:
            raise StopIteration
        at_start = self.position == 0
        self.position += len(raw)
        self.line += 1
        if len(raw) > MAX_ROW_BYTES:
            if not raw.endswith(b"\n"):
                self._skip_line()
            raise _TooLongError
        self._row.append(raw)
        self._row_bytes += len(raw)
        if self._row_bytes > MAX_ROW_BYTES:
            raise _TooLongError
        return (raw.removeprefix(BYTE_ORDER_MARK) if at_start else raw).decode(errors="replace")

    def _skip_line(self) -> None:
        while piece := self._stream.readline(_SKIP_BYTES):
            self.position += len(piece)
            if piece.endswith(b"\n"):
                return


def _in_words(problem: str) -> str:
    if "expected after" in problem:
        return "text follows a closing quote"
    if "unexpected end of data" in problem:
        return "a quoted cell is never closed"
    if "new-line" in problem:
        return "a carriage return stands alone inside the row"
    return problem
