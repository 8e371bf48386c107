"""The header line and the first rows of a CSV file: what a person sees before an import begins."""

import csv
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from transmissions.csv_import.rows import BYTE_ORDER_MARK, Row, RowReader

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}
MAX_COLUMNS = 100
MAX_HEADER_BYTES = 64 * 1024
SAMPLE_ROWS = 10


@dataclass(frozen=True, slots=True)
class Heading:
    """`columns` as the header line names them, `sample` the cells of the first rows, `delimiter` between cells.

    `position` (bytes) and `line` are where the rows begin.
    """

    delimiter: str
    columns: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    position: int
    line: int


def read_heading(stream: BinaryIO) -> Heading | str:
    """The heading of a file that stands at its start, or why it cannot be imported, in words."""
    start = stream.read(MAX_HEADER_BYTES)
    stream.seek(0)
    if b"\r" in start and b"\n" not in start:
        return "The lines end with a carriage return alone. Save the file as “CSV UTF-8” and upload that."
    delimiter = detect_delimiter(start)
    reader = RowReader(stream, delimiter)
    rows = iter(reader)
    header = next(rows, None)
    if header is None:
        return "The file holds no rows."
    if not isinstance(header, Row) or reader.position > MAX_HEADER_BYTES:
        return f"The header line cannot be read: {getattr(header, 'reason', 'it is too long')}."
    fault = _fault_of(header.cells)
    if fault:
        return fault
    position, line = reader.position, reader.line
    sample = tuple(tuple(row.cells) for row in islice(rows, SAMPLE_ROWS) if isinstance(row, Row))
    return Heading(delimiter, tuple(cell.strip() for cell in header.cells), sample, position, line)


def detect_delimiter(start: bytes) -> str:
    """The delimiter that cuts the first line into most cells; a comma when none does."""
    lines = start.removeprefix(BYTE_ORDER_MARK).decode(errors="replace").splitlines()
    first = next((line for line in lines if line.strip()), "")
    return max(DELIMITERS, key=lambda delimiter: len(next(csv.reader([first], delimiter=delimiter), [])))


def _fault_of(cells: list[str]) -> str | None:
    if any("\0" in cell for cell in cells):
        return "The header line holds NUL characters: the file may be in UTF-16. Save it as “CSV UTF-8”."
    if len(cells) > MAX_COLUMNS:
        return f"The file has {len(cells)} columns; at most {MAX_COLUMNS} can be read."
    if any("@" in cell for cell in cells):
        return "The first line has to name the columns (email, name, …), but it holds an address."
    return None
