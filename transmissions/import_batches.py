"""The rows of an uploaded file, sorted into recipients and faults, in batches of bounded size (contract 30 §7)."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from transmissions.csv_import.columns import CellFault, Column, Target, row_reader
from transmissions.csv_import.rows import Row, RowReader, Unreadable
from transmissions.recipients import Refused, read_recipient
from transmissions.values import Recipient

BATCH_ROWS = 5_000
BATCH_BYTES = 8 * 1024 * 1024
_MAX_VALUE = 200
_MAX_REASON = 500


@dataclass(frozen=True, slots=True)
class RowFault:
    """A row that is not taken: the line where it begins, the cell that is to blame (cut), and why."""

    line: int
    value: str
    reason: str


@dataclass(slots=True)
class Batch:
    """What some rows came to; the next batch begins at `position` (bytes), after `line` lines."""

    position: int
    line: int
    recipients: list[Recipient] = field(default_factory=list)
    faults: list[RowFault] = field(default_factory=list)


def batches(
    file: BinaryIO, delimiter: str, columns: Sequence[Column], position: int, line: int, rows: int = BATCH_ROWS
) -> Iterator[Batch]:
    """All that follows `position` in batches of at most `rows` rows; the last one ends with the file."""
    file.seek(position)
    reader = RowReader(file, delimiter, position, line)
    batch = Batch(position, line)
    for taken in judged(reader, columns):
        if isinstance(taken, RowFault):
            batch.faults.append(taken)
        else:
            batch.recipients.append(taken)
        count = len(batch.recipients) + len(batch.faults)
        if count == rows or reader.position - position > BATCH_BYTES:
            batch.position, batch.line = position, line = reader.position, reader.line
            yield batch
            batch = Batch(position, line)
    batch.position, batch.line = reader.position, reader.line
    yield batch


def judged(rows: Iterable[Row | Unreadable], columns: Sequence[Column]) -> Iterator[Recipient | RowFault]:
    """What each row comes to, one by one; `columns` have no faults."""
    read = row_reader(columns)
    email = next(index for index, column in enumerate(columns) if column.target is Target.EMAIL)
    for row in rows:
        yield _judge(row, read, email)


def _judge(
    row: Row | Unreadable, read: Callable[[list[str]], dict[str, Any] | CellFault], email: int
) -> Recipient | RowFault:
    if isinstance(row, Unreadable):
        return _fault(row.line, "", row.reason)
    element = read(row.cells)
    if isinstance(element, CellFault):
        return _fault(row.line, element.value, element.reason)
    recipient = read_recipient(element)
    if isinstance(recipient, Refused):
        refused = recipient.fault
        return _fault(row.line, row.cells[email], refused.description or refused.message)
    return recipient


def _fault(line: int, value: str, reason: str) -> RowFault:
    # PostgreSQL's text holds no NUL.
    return RowFault(line, value[:_MAX_VALUE].replace("\0", "�"), reason[:_MAX_REASON].replace("\0", "�"))
