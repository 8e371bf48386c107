"""Unsubscriptions by link, put off: a scanner's first request looks like a person's (docs/tracking.md)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection

from momentum.lib import clock
from tracking import log, signs
from tracking.classify import MACHINES, Rules, Verdict
from tracking.events import Event
from tracking.hit_events import told
from tracking.logged_hits import Span, of_messages, seen_of
from tracking.signs import Seen

_COLUMNS = ", ".join(log.COLUMNS)
_MESSAGE, _HAPPENED_AT, _DATA = (log.COLUMNS.index(name) for name in ("message", "happened_at", "data"))
_TRAFFIC = log.COLUMNS.index("traffic")
# A spool that is replayed brings old hits one after the other: let the whole flock arrive.
_FLOCK = timedelta(seconds=1)
_AT_ONCE = 500


def hold(events: Sequence[Event]) -> int:
    """Keep events back in the current transaction; returns how many of them are new here."""
    if not events:
        return 0
    values = ", ".join(["%s"] * (len(log.COLUMNS) + 1))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO tracking_held_event ({_COLUMNS}, stored_at) VALUES ({values}) "  # noqa: S608
            "ON CONFLICT DO NOTHING",
            [(*log.row(event), clock.now()) for event in events],
        )
        return int(cursor.rowcount)


def release(rules: Rules) -> int:
    """Record the unsubscriptions whose time has come and that no machine asked for; the others are dropped.

    In the current transaction. Returns how many were decided on.
    """
    now = clock.now()
    due = _taken(now - timedelta(seconds=rules.unsubscribe_hold_s), now - _FLOCK)
    if not due:
        return 0
    company = _company({row[_MESSAGE] for row in due}, due, rules)
    for row in due:
        hit = seen_of(row[_DATA], row[_HAPPENED_AT])
        verdict = _verdict(hit, company[row[_MESSAGE]], rules)
        if verdict.traffic not in MACHINES and not verdict.is_prefetched:
            _record(row, verdict)
    return len(due)


def _taken(happened_before: datetime, stored_before: datetime) -> list[tuple[Any, ...]]:
    data_as_text = _COLUMNS.removesuffix("data") + "data::text"
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM tracking_held_event WHERE event_id IN (SELECT event_id FROM tracking_held_event "  # noqa: S608
            "WHERE happened_at <= %s AND stored_at <= %s ORDER BY happened_at LIMIT %s FOR UPDATE SKIP LOCKED) "
            f"RETURNING {data_as_text}",
            [happened_before, stored_before, _AT_ONCE],
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _company(messages: set[int], due: list[tuple[Any, ...]], rules: Rules) -> dict[int, set[Seen]]:
    """All that was seen of each message around: in the log, and held (clicks may be switched off)."""
    reach = timedelta(seconds=2 * rules.window_s)
    times: dict[int, list[datetime]] = defaultdict(list)
    for row in due:
        times[row[_MESSAGE]].append(row[_HAPPENED_AT])
    logged = of_messages({number: Span(min(at) - reach, max(at) + reach) for number, at in times.items()})
    company = {number: {hit.seen for hit in logged.get(number, ())} for number in messages}
    for row in due:
        company[row[_MESSAGE]].add(seen_of(row[_DATA], row[_HAPPENED_AT]))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT message, data::text, happened_at FROM tracking_held_event WHERE message = ANY(%s)",
            [list(messages)],
        )
        for number, data, happened_at in cursor.fetchall():
            company[number].add(seen_of(data, happened_at))
    return company


def _verdict(hit: Seen, company: set[Seen], rules: Rules) -> Verdict:
    ordered = sorted(company)
    return signs.verdicts(ordered, rules)[ordered.index(hit)]


def _record(row: tuple[Any, ...], verdict: Verdict) -> None:
    data = msgspec.json.decode(row[_DATA])
    data["traffic"] = {**data.get("traffic", {}), **told(verdict)}
    values = list(row)
    values[_DATA], values[_TRAFFIC] = log.as_json(data), verdict.traffic.value
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO tracking_event ({_COLUMNS}) VALUES ({', '.join(['%s'] * len(values))}) "  # noqa: S608
            "ON CONFLICT DO NOTHING",
            values,
        )
