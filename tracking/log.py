"""The event log: one append-only table, partitioned by day (docs/architecture.md, "The event log").

Writers append; readers that must see each row exactly once follow the log by the id of the writing transaction.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import psycopg
from django.db import connection, transaction

from tracking.events import Event

COLUMNS = (
    *("event_id", "type", "happened_at", "message", "rcpt_to", "transmission"),
    *("campaign_id", "template_id", "recipient_domain", "sending_domain", "sending_ip", "ip_pool"),
    *("mailbox_provider", "mailbox_provider_region", "subject_campaign", "link_label", "reason"),
    *("bounce_class", "num_retries", "msg_size", "queue_time", "is_prefetched", "traffic", "sent_with", "data"),
)
_COLUMN_LIST = ", ".join(COLUMNS)


def append(events: Iterable[Event]) -> int:
    """Add events in the current transaction; those already in the log (same id and time) are left alone.

    Returns the number of rows added. Must be called inside `transaction.atomic()`.
    """
    rows = [row(event) for event in events]

    def write(copy: psycopg.Copy) -> None:
        for values in rows:
            copy.write_row(values)

    return _append(write)


def append_lines(lines: Sequence[str]) -> int:
    """Add events as `append` does; each is a line of COPY's text form in the order of COLUMNS, without its end."""
    if not lines:
        return 0
    text = "\n".join(lines) + "\n"
    return _append(lambda copy: copy.write(text))


def _append(write: Callable[[psycopg.Copy], None]) -> int:
    """Straight into the log, as is right nearly always; where some are there already, by way of another table."""
    with connection.cursor() as wrapped:
        cursor: psycopg.Cursor[Any] = wrapped.cursor
        try:
            with transaction.atomic(), cursor.copy(f"COPY tracking_event ({_COLUMN_LIST}) FROM STDIN") as copy:
                write(copy)
            return cursor.rowcount
        except psycopg.errors.UniqueViolation:
            pass
        cursor.execute(
            "CREATE TEMPORARY TABLE IF NOT EXISTS incoming_event "
            "(LIKE tracking_event INCLUDING DEFAULTS) ON COMMIT DELETE ROWS"
        )
        # Empty but after an earlier append of the same transaction; TRUNCATE would write to the catalog each time.
        cursor.execute("DELETE FROM incoming_event")
        with cursor.copy(f"COPY incoming_event ({_COLUMN_LIST}) FROM STDIN") as copy:
            write(copy)
        cursor.execute(
            f"INSERT INTO tracking_event ({_COLUMN_LIST}) "  # noqa: S608 (our own column names)
            f"SELECT {_COLUMN_LIST} FROM incoming_event ON CONFLICT DO NOTHING"
        )
        return cursor.rowcount


def finished_horizon() -> int:
    """The transaction id below which every writer of the log has committed or rolled back."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        return int(cursor.fetchone()[0])


def transaction_after(start: int, end: int, events: int, types: Collection[str] | None = None) -> int:
    """The id before which about `events` events (of `types` alone, if given) lie from `start` on; else `end`."""
    of_types, listed = ("", []) if types is None else ("AND type = ANY(%s) ", [[str(kind) for kind in types]])
    query = (
        "SELECT xid::text FROM tracking_event WHERE xid >= %s::text::xid8 AND xid < %s::text::xid8 "  # noqa: S608
        f"{of_types}ORDER BY xid OFFSET %s LIMIT 1"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [str(start), str(end), *listed, events])
        found: tuple[Any, ...] | None = cursor.fetchone()
    return end if found is None else max(start + 1, int(found[0]))


def read_finished(
    start: int, end: int, columns: Sequence[str], batch: int = 5000, types: Collection[str] | None = None
) -> Iterator[list[Any]]:
    """Rows written by transactions `start` <= id < `end`, `end` at most `finished_horizon()`, in batches.

    `types` leaves out events of other types. A reader that continues with `end` as its next `start` sees each
    row once, whatever the number of writers.
    """
    unknown = set(columns) - set(COLUMNS)
    if unknown:
        raise ValueError(f"the event log has no columns {sorted(unknown)}")
    query = (
        f"SELECT {', '.join(columns)} FROM tracking_event "  # noqa: S608 (checked above)
        "WHERE xid >= %s::text::xid8 AND xid < %s::text::xid8"
    )
    parameters: list[Any] = [str(start), str(end)]
    if types is not None:
        query += " AND type = ANY(%s)"
        parameters.append([str(kind) for kind in types])
    with connection.cursor() as wrapped:
        cursor = wrapped.cursor
        cursor.execute(query, parameters)
        while rows := cursor.fetchmany(batch):
            yield rows


def ensure_partitions(first: date, last: date) -> None:
    """Make the daily partitions from `first` to `last`, both included; existing ones stay."""
    with connection.cursor() as cursor:
        for offset in range((last - first).days + 1):
            day = first + timedelta(days=offset)
            start = datetime(day.year, day.month, day.day, tzinfo=UTC)
            cursor.execute(
                f"CREATE TABLE IF NOT EXISTS tracking_event_{day:%Y%m%d} PARTITION OF tracking_event "
                "FOR VALUES FROM (%s) TO (%s)",
                [start, start + timedelta(days=1)],
            )


def row(event: Event) -> tuple[Any, ...]:
    """An event's values in the order of COLUMNS."""
    return (
        *(event.event_id, event.type.value, event.happened_at, event.message, event.rcpt_to),
        *(event.transmission, event.campaign_id, event.template_id, event.recipient_domain),
        *(event.sending_domain, event.sending_ip, event.ip_pool, event.mailbox_provider),
        *(event.mailbox_provider_region, event.subject_campaign, event.link_label, event.reason),
        *(event.bounce_class, event.num_retries, event.msg_size, event.queue_time),
        *(event.is_prefetched, event.traffic, event.sent_with, as_json(event.data)),
    )


def as_json(data: dict[str, Any]) -> str:
    """The text of the column `data`. U+FFFD stands for NUL: PostgreSQL would store it, and then read no field."""
    text = msgspec.json.encode(data).decode()
    # A backslash of its own before u0000 costs no more than looking once more.
    return msgspec.json.encode(_without_nul(data)).decode() if "\\u0000" in text else text


def _without_nul(value: Any) -> Any:
    match value:
        case str():
            return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
        case dict():
            return {_without_nul(key): _without_nul(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_without_nul(inner) for inner in value]
    return value
