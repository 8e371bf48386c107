"""The suppression list as lines of text: what people type, paste or upload, and what they download."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from transmissions.csv_import.formulas import neutralised, restored
from transmissions.models import Suppression
from transmissions.suppression import list_ids
from transmissions.suppression.request import MAX_DESCRIPTION_BYTES, address_of
from transmissions.suppression.store import Entry, Key, Source, Type

MOST_LINES = 100_000
COLUMNS = ("recipient", "type", "list_id", "description", "source", "created", "updated")

_LONGEST_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Defaults:
    """What holds for a line that does not say it itself."""

    types: tuple[str, ...]
    list_id: str = ""
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that makes no entry: its number (from 1), itself, and why."""

    number: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Line:
    """What one line asks for."""

    number: int
    keys: tuple[Key, ...]
    entry: Entry


def read(text: str, defaults: Defaults) -> Iterator[Line | Refused]:
    """Each line that is not blank: an address, or cells in the order of COLUMNS or of a header line.

    Cells are separated by commas, semicolons or tabs, whichever the first line has. Lines after MOST_LINES are
    one refusal.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    first = _first(lines)
    separator = max(",;\t", key=first.count)
    columns = _header(first, separator)
    count = 0
    for number, line in enumerate(lines, 1):
        if not line.strip() or (columns and line is first):
            continue
        count += 1
        if count > MOST_LINES:
            yield Refused(number, line[:_LONGEST_SHOWN], f"only the first {MOST_LINES:,} lines are read")
            return
        yield _read_line(number, line, separator, columns or COLUMNS, defaults)


def again(text: str, refused: Sequence[Refused]) -> str:
    """The refused lines of `text`, under its header line if it has one, to be corrected and read once more."""
    first = _first(text.removeprefix("\ufeff").splitlines())
    header = [first] if _header(first, max(",;\t", key=first.count)) else []
    return "\n".join([*header, *(line.text for line in refused)])


def written(entries: Iterable[Suppression]) -> Iterator[str]:
    """CSV, header first, in the form that `read` takes; no cell is one that a spreadsheet would run."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(COLUMNS)
    for entry in entries:
        times = (f"{moment:%Y-%m-%dT%H:%M:%S}+00:00" for moment in (entry.created_at, entry.updated_at))
        cells = (entry.recipient, entry.type, entry.list_id, entry.description, entry.source, *times)
        writer.writerow(neutralised(" ".join(cell.splitlines())) for cell in cells)
        if buffer.tell() > 60_000:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _first(lines: list[str]) -> str:
    return next((line for line in lines if line.strip()), "")


def _header(line: str, separator: str) -> tuple[str, ...]:
    """The columns that a first line names; () when it is no header."""
    names = tuple("recipient" if name == "email" else name for name in _cells(line.lower(), separator))
    return names if "recipient" in names else ()


def _read_line(
    number: int, line: str, separator: str, columns: tuple[str, ...], defaults: Defaults
) -> Line | Refused:
    given = dict(zip(columns, _cells(line, separator), strict=False))

    def refused(reason: str) -> Refused:
        return Refused(number, line[:_LONGEST_SHOWN], reason)

    recipient = address_of(restored(given.get("recipient", "")))
    if not recipient:
        return refused("not an address")
    kind = given.get("type", "").lower().replace("-", "_")
    if kind and kind not in Type.values:
        return refused("the type is neither transactional nor non_transactional")
    label = given.get("list_id", "") or defaults.list_id
    if label and not list_ids.is_label(label):
        return refused("the list ID is no RFC 2919 label")
    description = restored(given.get("description", "")).replace("\0", "") or defaults.description
    if description and len(description.encode()) > MAX_DESCRIPTION_BYTES:
        return refused(f"the description is longer than {MAX_DESCRIPTION_BYTES} bytes")
    types = (kind,) if kind else defaults.types
    keys = tuple(Key(recipient, one, label.lower()) for one in types)
    return Line(number, keys, Entry(Source.MANUALLY_ADDED, description))


def _cells(line: str, separator: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
    except csv.Error:
        return [""]
