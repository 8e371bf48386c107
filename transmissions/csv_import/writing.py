"""Recipients as a CSV file that the import takes back unchanged (contract 30 §7, 90 §8)."""

import csv
import io
from collections.abc import Iterable, Iterator

import msgspec

from transmissions.csv_import.formulas import neutralised
from transmissions.csv_import.rows import BYTE_ORDER_MARK
from transmissions.values import Recipient

COLUMNS = ("email", "name", "return_path", "metadata", "tags", "substitution_data", "consent")


def csv_of(chunks: Iterable[list[Recipient]]) -> Iterator[bytes]:
    """The file in pieces, one for each chunk; UTF-8 with byte-order mark."""
    yield BYTE_ORDER_MARK + table([COLUMNS])
    for chunk in chunks:
        yield table(_cells(recipient) for recipient in chunk)


def table(rows: Iterable[Iterable[str]]) -> bytes:
    """Rows in RFC 4180 form, with no cell that a spreadsheet would run."""
    text = io.StringIO()
    csv.writer(text).writerows([neutralised(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _cells(recipient: Recipient) -> tuple[str, ...]:
    return (
        recipient.email,
        recipient.name,
        recipient.return_path,
        _json(recipient.metadata),
        _json(recipient.tags),
        _json(recipient.substitution_data),
        _json({"tracking": False} if recipient.tracking_declined else {}),
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode() if value else ""
