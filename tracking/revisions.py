"""Verdicts that are to replace those in the event log: anyone may propose, one follower makes them true.

Whoever follows the log with figures that depend on the class (reports.rollups) takes the proposals and changes the
rows in the transaction that also corrects its figures, so that the two never disagree.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from django.db import connection

from tracking import log
from tracking.classify import Verdict
from tracking.hit_events import told


class Revision(NamedTuple):
    """A new verdict on one event; `told` as in the event's data."""

    event_id: UUID
    happened_at: datetime
    told: dict[str, Any]
    is_prefetched: bool
    is_proxy: bool


def propose(verdicts: Sequence[tuple[UUID, datetime, Verdict]]) -> None:
    """Queue new verdicts on events, in the current transaction."""
    if not verdicts:
        return
    columns = zip(
        *(
            (
                event_id,
                happened_at,
                msgspec.json.encode(told(verdict)).decode(),
                verdict.is_prefetched,
                verdict.is_proxy,
            )
            for event_id, happened_at, verdict in verdicts
        ),
        strict=True,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO tracking_revision (event_id, happened_at, told, is_prefetched, is_proxy) "
            "SELECT e, h, t::json, f, p FROM "
            "unnest(%s::uuid[], %s::timestamptz[], %s::text[], %s::bool[], %s::bool[]) AS u(e, h, t, f, p)",
            [list(column) for column in columns],
        )


def take(before: int, limit: int) -> list[Revision]:
    """Remove from the queue, in the current transaction, what transactions below `before` proposed, oldest first.

    `before` is at most `log.finished_horizon()`. Of several revisions of one event the latest is returned.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH taken AS (DELETE FROM tracking_revision WHERE id IN (SELECT id FROM tracking_revision "
            "WHERE xid < %s::text::xid8 ORDER BY id LIMIT %s) RETURNING *) "
            "SELECT event_id, happened_at, told::text, is_prefetched, is_proxy FROM taken ORDER BY id",
            [str(before), limit],
        )
        rows = cursor.fetchall()
    latest = {(row[1], row[0]): Revision(row[0], row[1], msgspec.json.decode(row[2]), *row[3:]) for row in rows}
    return list(latest.values())


def waiting() -> int:
    """How many revisions are in the queue."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tracking_revision")
        count: int = cursor.fetchone()[0]
    return count


def apply(revisions: Sequence[Revision]) -> None:
    """Change the events in the log, in the current transaction. Events that retention has dropped are left out.

    The data is changed in its newest form, under a lock: somebody else may have changed other fields of it.
    """
    if not revisions:
        return
    by_key = {(revision.happened_at, revision.event_id): revision for revision in revisions}
    keys: list[Any] = [[happened_at for happened_at, _ in by_key], [event_id for _, event_id in by_key]]
    span = [min(keys[0]), max(keys[0])]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.happened_at, d.event_id, d.data::text FROM tracking_event d "
            "JOIN unnest(%s::timestamptz[], %s::uuid[]) AS u(happened_at, event_id) USING (happened_at, event_id) "
            "WHERE d.happened_at BETWEEN %s AND %s FOR UPDATE OF d",
            [*keys, *span],
        )
        changed = [_changed(by_key[row[0], row[1]], row[2]) for row in cursor.fetchall()]
        cursor.execute(
            "UPDATE tracking_event d SET traffic = u.traffic, is_prefetched = u.is_prefetched, data = u.data::json "
            "FROM unnest(%s::timestamptz[], %s::uuid[], %s::text[], %s::bool[], %s::text[]) "
            "AS u(happened_at, event_id, traffic, is_prefetched, data) "
            "WHERE d.happened_at = u.happened_at AND d.event_id = u.event_id AND d.happened_at BETWEEN %s AND %s",
            [*([row[column] for row in changed] for column in range(5)), *span],
        )


def _changed(revision: Revision, text: str) -> tuple[datetime, UUID, str, bool, str]:
    data = msgspec.json.decode(text)
    data["traffic"] = {**data.get("traffic", {}), **revision.told}
    if "user_agent_parsed" in data:
        data["user_agent_parsed"] |= {"is_proxy": revision.is_proxy, "is_prefetched": revision.is_prefetched}
    return (
        *(revision.happened_at, revision.event_id, str(revision.told["class"]), revision.is_prefetched),
        log.as_json(data),
    )
