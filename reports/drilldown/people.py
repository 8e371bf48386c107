"""Who the messages of a set went to, read from the events of the messages themselves."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec
from django.db import connection
from pyroaring import BitMap64

from reports import log_cells
from reports.metrics import REJECTIONS
from reports.periods import Window
from tracking.events import CLICK_TYPES, OPEN_TYPES, EventType

_BATCH = 1000
_OWN = sorted(kind.value for kind in (EventType.INJECTION, *REJECTIONS))
_OPENS, _CLICKS = (sorted(kind.value for kind in types) for types in (OPEN_TYPES, CLICK_TYPES))


@dataclass(frozen=True, slots=True)
class Recipient:
    """One message and whom it went to; `address` as given. `sent_at` is when it was injected or rejected.

    A message whose events the log no longer holds has an empty address.
    """

    message: int
    message_id: str = ""
    address: str = ""
    campaign: str = ""
    template: str = ""
    subject: str = ""
    sent_at: datetime | None = None
    metadata: dict[str, Any] | None = None
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Activity:
    """What a message saw in a window: opens, clicks, and the last of either."""

    opens: int = 0
    clicks: int = 0
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of a set, by message number; `previous` is None on the first page, `next` on the last."""

    messages: list[int]
    count: int
    first: int
    previous: int | None
    next: int | None


def page(members: BitMap64, after: int, size: int) -> Slice:
    """The members above the number `after`; costs the same on every page."""
    rank = members.rank(after) if after > 0 else 0
    chosen = list(islice(members.iter_equal_or_larger(after + 1), size))
    begins_before = rank - size
    return Slice(
        messages=chosen,
        count=len(members),
        first=rank + 1,
        previous=None if rank == 0 else (members[begins_before - 1] if begins_before > 0 else 0),
        next=chosen[-1] if rank + len(chosen) < len(members) and chosen else None,
    )


def of(messages: list[int]) -> list[Recipient]:
    """The recipients of some messages, in their order."""
    found = _read(messages, "AND type = ANY(%s)", [_OWN])
    missing = [number for number in messages if number not in found]
    # Retention may have cut the injection but not yet a later click.
    found |= _read(missing, "", []) if missing else {}
    return [found.get(number) or Recipient(number) for number in messages]


def all_of(members: BitMap64) -> Iterator[Recipient]:
    """The recipients of a whole set by message number, a batch at a time in memory."""
    return _in_batches(iter(members))


def newest_first(members: BitMap64) -> Iterator[Recipient]:
    """The same from the last message to the first."""
    return _in_batches(reversed(members))


def _in_batches(numbers: Iterator[int]) -> Iterator[Recipient]:
    while batch := list(islice(numbers, _BATCH)):
        yield from of(batch)


def _read(messages: list[int], condition: str, values: list[Any]) -> dict[int, Recipient]:
    query = (
        "SELECT DISTINCT ON (message) message, rcpt_to, campaign_id, template_id, subject_campaign, happened_at, "  # noqa: S608
        f"data::text FROM tracking_event WHERE message = ANY(%s) {condition} ORDER BY message, happened_at"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [messages, *values])
        return {row[0]: _recipient(*row) for row in cursor.fetchall()}


def _recipient(
    message: int, rcpt_to: str, campaign: str, template: str, subject: str, happened_at: datetime, text: str
) -> Recipient:
    data = msgspec.json.decode(text)
    return Recipient(
        message=message,
        message_id=str(data.get("message_id", "")),
        address=str(data.get("raw_rcpt_to", "")) or rcpt_to,
        campaign=campaign,
        template=template,
        subject=subject,
        sent_at=happened_at,
        metadata=data.get("rcpt_meta") or None,
        tags=tuple(str(tag) for tag in data.get("rcpt_tags", ())),
    )


def activity(messages: list[int], window: Window, *, people_only: bool) -> dict[int, Activity]:
    """Opens and clicks of some messages in the window; messages without any are absent."""
    people = f"AND NOT {log_cells.MACHINE}" if people_only else ""
    query = (
        "SELECT d.message, count(*) FILTER (WHERE d.type = ANY(%s)), count(*) FILTER (WHERE d.type = ANY(%s)), "  # noqa: S608
        "max(d.happened_at) FROM tracking_event d WHERE d.message = ANY(%s) AND d.type = ANY(%s) "
        f"AND d.happened_at >= %s AND d.happened_at < %s {people} GROUP BY 1"
    )
    values: list[Any] = [_OPENS, _CLICKS, messages, [*_OPENS, *_CLICKS], window.start, window.end]
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return {message: Activity(opens, clicks, last) for message, opens, clicks, last in cursor.fetchall()}
