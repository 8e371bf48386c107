"""Tables as people page through them and take them away (contract 90 §8). No Django."""

import csv
import io
from collections.abc import Iterable, Sequence

from transmissions.csv_import.formulas import neutralised
from transmissions.csv_import.rows import BYTE_ORDER_MARK

PAGE_SIZES = (25, 50, 75, 100)

_AROUND = 2


def as_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """UTF-8 with BOM, RFC 4180; no cell begins a formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows([neutralised(cell) for cell in row] for row in rows)
    return BYTE_ORDER_MARK + text.getvalue().encode("utf-8", "replace")


def last_page(count: int, size: int) -> int:
    """The number of the last page; 1 for an empty table."""
    return max(1, -(-count // size))


def near(page: int, last: int) -> list[int]:
    """The page numbers to be offered around the one shown."""
    return list(range(max(1, page - _AROUND), min(last, page + _AROUND) + 1))
