"""Entries that come by themselves: the suppression list follows the event log (contract 95 §1).

As with rollups, a cursor of transaction ids moves in the same database transaction as the entries it stands for.
"""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction

from momentum.lib import clock
from tracking import log
from tracking.events import EventType
from transmissions.addresses import parse_address
from transmissions.models import Follower
from transmissions.suppression import store
from transmissions.suppression.store import Entry, Key, Source, Type

_FOLLOWER = "suppression list"
# Any number that nothing else in the database locks.
_LOCK = 0x5355505052464F4C
# About how many events that matter one database transaction takes on.
BATCH_EVENTS = 20_000
# A cursor that moves over nothing is not worth a write more often than this.
_HEARTBEAT = timedelta(seconds=5)
# A worker that generates one chunk after the other looks at the log as often as this, in seconds.
_OFTEN_ENOUGH_S = 1.0
_MAX_DESCRIPTION = 1024

# Contract 80 §9: invalid recipient, no recipient; and a bounce message that asks to unsubscribe.
_NOBODY_THERE = frozenset({10, 30})
_ASKS_TO_UNSUBSCRIBE = 90
_MACHINES = frozenset({"prefetch", "scanner"})
_TYPES = frozenset(
    {
        *(EventType.LINK_UNSUBSCRIBE, EventType.LIST_UNSUBSCRIBE, EventType.SPAM_COMPLAINT),
        *(EventType.BOUNCE, EventType.OUT_OF_BAND),
    }
)
_COLUMNS = (
    *("happened_at", "type", "rcpt_to", "campaign_id", "bounce_class", "reason", "is_prefetched", "traffic"),
    "data",
)


class Happened(NamedTuple):
    """What decides of one event, in the order of `_COLUMNS`."""

    happened_at: datetime
    type: str
    rcpt_to: str
    campaign_id: str
    bounce_class: int | None
    reason: str
    is_prefetched: bool
    traffic: str
    data: dict[str, Any]


def advance(batch: int = BATCH_EVENTS) -> bool:
    """Take what the next finished transactions of the event log say into the list.

    Returns True when there is more to do at once; False when caught up, or when another process is at it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return False
        progress, _ = Follower.objects.get_or_create(name=_FOLLOWER)
        start, horizon = progress.next_transaction, log.finished_horizon()
        end = log.transaction_after(start, horizon, batch, _TYPES)
        entries = _entries(start, end)
        if entries:
            store.note(entries)
        now, moved_at = clock.now(), progress.moved_at
        if entries or end < horizon or moved_at is None or abs(now - moved_at) >= _HEARTBEAT:
            progress.next_transaction, progress.moved_at = end, now
            progress.save()
        return end < horizon


_looked_at = float("-inf")


def keep_up() -> None:
    """Advance to the end, unless this process did so within the last second: cheap enough before every chunk."""
    global _looked_at
    if time.monotonic() - _looked_at < _OFTEN_ENOUGH_S:
        return
    while advance():
        pass
    _looked_at = time.monotonic()


def _entries(start: int, end: int) -> dict[Key, Entry]:
    """What the events of these transactions ask for; of several about one entry the latest counts."""
    rows = log.read_finished(start, end, _COLUMNS, types=_TYPES)
    happened = sorted(
        (Happened(*row) for batch in rows for row in batch), key=lambda event: (event.happened_at, event.type)
    )
    return {key: entry for event in happened for key, entry in entries_of(event)}


def entries_of(event: Happened) -> Iterator[tuple[Key, Entry]]:
    """The entries that one event makes (contract 95 §1, "Automatic entries")."""
    recipient = (parse_address(event.rcpt_to) or "").lower()
    if not recipient:
        return
    list_id = str(event.data.get("list_id", ""))
    match event.type:
        case EventType.LINK_UNSUBSCRIBE:
            if not event.is_prefetched and event.traffic not in _MACHINES:
                entry = Entry(Source.UNSUBSCRIBE_LINK, _about_message(event))
                yield Key(recipient, Type.NON_TRANSACTIONAL, list_id), entry
        case EventType.LIST_UNSUBSCRIBE:
            # Machines make these for people: it is the mailbox provider that posts (RFC 8058).
            entry = Entry(Source.LIST_UNSUBSCRIBE, _about_message(event))
            yield Key(recipient, Type.NON_TRANSACTIONAL, list_id), entry
        case EventType.SPAM_COMPLAINT:
            yield Key(recipient, Type.NON_TRANSACTIONAL), Entry(Source.SPAM_COMPLAINT, _about_message(event))
        case EventType.BOUNCE | EventType.OUT_OF_BAND if event.bounce_class in _NOBODY_THERE:
            for kind in Type:
                yield Key(recipient, kind), Entry(Source.BOUNCE_RULE, _cut(event.reason))
        case EventType.BOUNCE | EventType.OUT_OF_BAND if event.bounce_class == _ASKS_TO_UNSUBSCRIBE:
            yield Key(recipient, Type.NON_TRANSACTIONAL, list_id), Entry(Source.BOUNCE_RULE, _cut(event.reason))


def _about_message(event: Happened) -> str:
    campaign = f"campaign {event.campaign_id}, " if event.campaign_id else ""
    return _cut(f"{campaign}message {event.data.get('message_id', '')}")


def _cut(text: str) -> str:
    return text.encode()[:_MAX_DESCRIPTION].decode("utf-8", "ignore")
