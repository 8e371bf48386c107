"""The events of one message, or of all messages to one address, page by page."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from reports import log_cells

PAGE_SIZE = 100
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_MOST_DIGITS = 17


@dataclass(frozen=True, slots=True)
class Happening:
    """One event as the log has it; `data` is the rest of it in the form of the Events API."""

    event_id: UUID
    type: str
    at: datetime
    message: int
    address: str
    campaign: str
    template: str
    subject: str
    link: str
    reason: str
    bounce_class: int | None
    num_retries: int
    queue_time: int
    traffic: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of events begins: behind this event."""

    at: datetime
    event_id: UUID

    @classmethod
    def read(cls, text: str) -> "Place | None":
        """The place in an address; None where it is none."""
        moment, _, identifier = text.partition("_")
        if not (moment.isascii() and moment.isdecimal() and len(moment) < _MOST_DIGITS):
            return None
        try:
            return cls(_EPOCH + int(moment) * _MICROSECOND, UUID(identifier))
        except (ValueError, OverflowError):
            return None

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND}_{self.event_id.hex}"


@dataclass(frozen=True, slots=True)
class Events:
    """One page; `next` is where the following one begins, None on the last."""

    rows: list[Happening]
    next: Place | None


_COLUMNS = (
    "event_id, type, happened_at, message, rcpt_to, campaign_id, template_id, subject_campaign, link_label, "
    "reason, bounce_class, num_retries, queue_time, traffic, data::text"
)


def of_message(message: int, *, oldest_first: bool, people_only: bool, after: Place | None) -> Events:
    """What happened to one message."""
    return _read("d.message = %s", message, oldest_first=oldest_first, people_only=people_only, after=after)


def of_address(address: str, *, oldest_first: bool, people_only: bool, after: Place | None) -> Events:
    """What happened to all messages to one address, given in lower case."""
    return _read("d.rcpt_to = %s", address, oldest_first=oldest_first, people_only=people_only, after=after)


def _read(condition: str, value: Any, *, oldest_first: bool, people_only: bool, after: Place | None) -> Events:
    people = f"AND NOT {log_cells.MACHINE}" if people_only else ""
    comparison, direction = (">", "ASC") if oldest_first else ("<", "DESC")
    behind = f"AND (d.happened_at, d.event_id) {comparison} (%s, %s)" if after else ""
    values = [value, *([after.at, after.event_id] if after else []), PAGE_SIZE + 1]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {_COLUMNS} FROM tracking_event d WHERE {condition} {people} {behind} "  # noqa: S608
            f"ORDER BY d.happened_at {direction}, d.event_id {direction} LIMIT %s",
            values,
        )
        rows = [Happening(*(*row[:-1], msgspec.json.decode(row[-1]))) for row in cursor.fetchall()]
    shown = rows[:PAGE_SIZE]
    return Events(shown, Place(shown[-1].at, shown[-1].event_id) if len(rows) > PAGE_SIZE else None)
