"""What the event log knows of a message that its links do not carry (contract 50 §5, "looked up")."""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import msgspec
from django.db import connection

from momentum.lib import clock
from tracking.events import Event, EventType
from tracking.tokens import MessagePart

# The injection is written when the chunk's first attempt is over, the delivery up to 72 hours later.
_BEFORE, _AFTER = timedelta(hours=1), timedelta(hours=76)
_CACHED = 20_000
_COLUMNS = ("sending_ip", "ip_pool", "mailbox_provider", "mailbox_provider_region", "subject_campaign")
_NUMBERS = ("msg_size", "num_retries", "queue_time")
# Data fields of a message's own events that its engagement events repeat (contract 60 §2).
_DATA = (
    *(
        "ab_test_id",
        "ab_test_version",
        "friendly_from",
        "injection_time",
        "list_id",
        "msg_from",
        "node_name",
        "rcpt_hash",
    ),
    *("rcpt_type", "recv_method", "routing_domain", "subject", "transactional", "delv_method"),
)


@dataclass(frozen=True, slots=True)
class Known:
    """Columns and data fields to add to an engagement event; `is_delivered` says that nothing more will come."""

    columns: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    is_delivered: bool = False

    @property
    def is_nothing(self) -> bool:
        """Whether there is nothing to add."""
        return not self.columns and not self.data


NOTHING = Known()


class Enrichment:
    """Looks messages up in the event log, in the few daily partitions around their sending; keeps the latest."""

    def __init__(self) -> None:
        self._cache: OrderedDict[int, Known] = OrderedDict()

    def of(self, parts: Iterable[MessagePart]) -> dict[int, Known]:
        """What is known of each message, by its number; messages that the log does not hold are left out."""
        wanted = {part.message: part.sent_at for part in parts}
        known = {number: self._cache[number] for number in wanted if number in self._cache}
        missing = sorted((sent_at, number) for number, sent_at in wanted.items() if number not in known)
        for _, group in groupby(missing, lambda pair: pair[0] // 86_400):
            found = _look_up(list(group))
            known |= found
            self._keep(found)
        return known

    def _keep(self, found: dict[int, Known]) -> None:
        self._cache.update({number: known for number, known in found.items() if known.is_delivered})
        while len(self._cache) > _CACHED:
            self._cache.popitem(last=False)


def known_from(events: Iterable[Event]) -> Known:
    """What a message's own events, in the order in which they happened, would be found to say."""
    rows = [
        (
            event.message,
            event.type,
            msgspec.json.encode(event.data),
            *(getattr(event, name) for name in (*_COLUMNS, *_NUMBERS)),
        )
        for event in events
        if event.type in (EventType.INJECTION, EventType.DELIVERY)
    ]
    return _merged(rows) if rows else NOTHING


def _look_up(group: list[tuple[int, int]]) -> dict[int, Known]:
    """Messages sent on one day, as pairs of Unix second and number."""
    first, last = (datetime.fromtimestamp(sent_at, UTC) for sent_at in (group[0][0], group[-1][0]))
    columns = ", ".join((*_COLUMNS, *_NUMBERS))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT message, type, data::text, {columns} FROM tracking_event "  # noqa: S608 (our own column names)
            "WHERE message = ANY(%s) AND type IN ('injection', 'delivery') "
            "AND happened_at >= %s AND happened_at < %s ORDER BY message, type = 'delivery'",
            [[number for _, number in group], first - _BEFORE, min(last + _AFTER, clock.now() + _BEFORE)],
        )
        rows = cursor.fetchall()
    return {number: _merged(list(events)) for number, events in groupby(rows, lambda row: row[0])}


def _merged(rows: list[tuple[Any, ...]]) -> Known:
    """The injection's values, overridden by what the delivery knows better."""
    columns: dict[str, Any] = {}
    data: dict[str, Any] = {}
    for _, _, text, *values in rows:
        fields = msgspec.json.decode(text)
        named = zip((*_COLUMNS, *_NUMBERS), values, strict=True)
        columns |= {name: value for name, value in named if value}
        data |= {name: fields[name] for name in _DATA if name in fields}
    return Known(columns, data, is_delivered=rows[-1][1] == EventType.DELIVERY)
