"""CSV files of any length, in pieces (contract 90 §8)."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_ROWS = 1000
# What a spreadsheet takes for the beginning of a formula, also behind apostrophes that were there before.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def csv_of(header: Sequence[str], rows: Iterable[Iterable[str]]) -> Iterator[bytes]:
    """UTF-8 with a byte-order mark, RFC 4180; cells that look like formulas are made harmless."""
    yield _BYTE_ORDER_MARK + _piece([header])
    remaining = iter(rows)
    while batch := list(islice(remaining, _ROWS)):
        yield _piece(batch)


def _piece(rows: Iterable[Iterable[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8", "replace")


def _harmless(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell
