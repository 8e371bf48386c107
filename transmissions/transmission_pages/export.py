"""All messages of one state as CSV (contract 90 §8), a chunk at a time."""

import csv
from collections.abc import Iterator

from transmissions.models import Message, Transmission
from transmissions.transmission_pages.rows import Row, of_chunk

HEADER = ("Recipient", "State", "Attempts", "Last reply", "Next attempt", "Settled")
_BYTE_ORDER_MARK = "\ufeff"
# What spreadsheets take for the beginning of a formula.
_FORMULA_STARTS = ("=", "+", "-", "@")


def lines(transmission: Transmission, state: Message.State) -> Iterator[str]:
    """The file piece by piece: no more than one chunk is held at any time."""
    writer = csv.writer(_Echo(), lineterminator="\r\n")
    yield _BYTE_ORDER_MARK + writer.writerow(HEADER)
    for chunk_id in transmission.chunks.order_by("position").values_list("id", flat=True):
        for row in of_chunk(chunk_id, state):
            yield writer.writerow(_cells(row))


class _Echo:
    """A file whose `write` gives back what it was given, and so csv's `writerow` too."""

    def write(self, text: str) -> str:
        return text


def _cells(row: Row) -> list[str | int]:
    times = (f"{when:%Y-%m-%dT%H:%M:%SZ}" if when else "" for when in (row.next_attempt_at, row.settled_at))
    return [_harmless(row.address), row.state, row.attempts, _harmless(row.last_reply), *times]


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
