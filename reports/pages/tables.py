"""Tables of reports: columns, order, pages, CSV (contract 90 §8)."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, TypeVar

from reports.metrics import Unit
from reports.pages.state import Chip

T = TypeVar("T")
Cell = str | int | float | None

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ROWS_AT_ONCE = 1000
# What a spreadsheet takes for the beginning of a formula, also behind apostrophes that were there before.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of texts (`unit` None) or of figures; None in a cell is a figure there is not."""

    key: str
    label: str
    unit: Unit | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """The cells in the order of the columns; a click on the row adds `chip`, `mark` is said beside the name."""

    cells: tuple[Cell, ...]
    chip: Chip | None = None
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """All rows of a table, in any order; `key` names it in addresses.

    `order` is a column and whether it descends, for a table that does not follow the sorting of the address.
    """

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[Row]
    empty: str
    note: str = ""
    order: tuple[str, bool] | None = None


def ordered(table: Table, key: str, *, descending: bool) -> list[Row]:
    """Sorted by a column; equal rows go by name, ascending; rows without that figure come last.

    A column that there is not leaves the rows as they are.
    """
    key, descending = table.order or (key, descending)
    index = next((index for index, column in enumerate(table.columns) if column.key == key), None)
    if index is None:
        return list(table.rows)
    by_name = sorted(table.rows, key=lambda row: _order(row.cells[0]))
    known = [row for row in by_name if row.cells[index] is not None]
    known.sort(key=lambda row: _order(row.cells[index]), reverse=descending)
    return known + [row for row in by_name if row.cells[index] is None]


def _order(cell: Cell) -> tuple[float, str, str]:
    return (0, cell.casefold(), cell) if isinstance(cell, str) else (cell or 0, "", "")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a table; `numbers` are the pages to offer around it."""

    rows: Sequence[T]
    number: int
    last: int
    count: int

    @property
    def numbers(self) -> list[int]:
        first = max(1, min(self.number - 2, self.last - 4))
        return list(range(first, min(self.last, first + 4) + 1))


def page(rows: Sequence[T], number: int, size: int) -> Page[T]:
    """The page of that number, or the last one there is."""
    last = max(1, -(-len(rows) // size))
    number = min(number, last)
    return Page(rows[(number - 1) * size : number * size], number, last, len(rows))


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """UTF-8 with a byte-order mark, RFC 4180, in pieces; texts that look like formulas are made harmless."""
    yield _BYTE_ORDER_MARK + _piece([header])
    remaining = iter(rows)
    while batch := list(islice(remaining, _ROWS_AT_ONCE)):
        yield _piece(batch)


def _piece(rows: Iterable[Sequence[Cell]]) -> bytes:
    output = io.StringIO()
    csv.writer(output, lineterminator="\r\n").writerows([_written(cell) for cell in row] for row in rows)
    return output.getvalue().encode("utf-8", "replace")


def _written(cell: Cell) -> str | int:
    if isinstance(cell, str):
        return f"'{cell}" if _FORMULA.match(cell) else cell
    if isinstance(cell, float):
        return f"{cell:.2f}"
    return "N/A" if cell is None else cell
