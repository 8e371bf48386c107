"""The daily partitions of the event log: made ahead of time, dropped when they are old enough."""

import re
from datetime import UTC, date, datetime, timedelta

from django.db import connection, transaction

from momentum.lib import clock
from tracking import log

DAYS_AHEAD = 14
_MISPLACED_DAYS_AT_ONCE = 50
_PARTITION = re.compile(r"tracking_event_(\d{8})\Z")
# Dropping waits for every reader of the log; whoever comes after must not wait long for that.
_LOCK_TIMEOUT = "5s"


def keep_partitions() -> None:
    """Make the partitions from yesterday to two weeks ahead; to be run at least once a day.

    Rows that arrived before their day had a partition are moved out of the default one.
    """
    today = clock.now().date()
    ahead = {today + timedelta(days=offset) for offset in range(-1, DAYS_AHEAD + 1)}
    for day in sorted(ahead | _misplaced_days()):
        _keep_partition(day)


def misplaced(most: int = 1000) -> int:
    """How many rows stand in the default partition, counted up to `most`: 0 unless partitions were not kept."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM (SELECT FROM tracking_event_default LIMIT %s) AS misplaced", [most])
        return int(cursor.fetchone()[0])


def drop_partitions(days: int) -> list[date]:
    """Drop the days that ended more than `days` days ago, and such rows without a partition; returns the days."""
    oldest = clock.now().date() - timedelta(days=days)
    dropped = sorted(day for day in _partitions() if day < oldest)
    for day in dropped:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
            cursor.execute(f"DROP TABLE {_name(day)}")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tracking_event_default WHERE happened_at < %s", [midnight(oldest)])
    return dropped


def _keep_partition(day: date) -> None:
    if day in _partitions():
        return
    start, end = midnight(day), midnight(day + timedelta(days=1))
    with transaction.atomic(), connection.cursor() as cursor:
        # 1. Nobody adds a row to the default partition between moving and attaching.
        cursor.execute("LOCK TABLE tracking_event_default IN ACCESS EXCLUSIVE MODE")
        cursor.execute(
            "CREATE TEMPORARY TABLE misplaced ON COMMIT DROP AS "
            "SELECT * FROM tracking_event_default WHERE happened_at >= %s AND happened_at < %s",
            [start, end],
        )
        # 2. PostgreSQL refuses a partition whose rows the default one holds.
        cursor.execute(
            "DELETE FROM tracking_event_default WHERE happened_at >= %s AND happened_at < %s", [start, end]
        )
        log.ensure_partitions(day, day)
        # 3. The rows keep the id of the transaction that first wrote them: readers have seen them, or will.
        cursor.execute("INSERT INTO tracking_event SELECT * FROM misplaced")


def _misplaced_days() -> set[date]:
    """The first days of which the default partition holds rows, such as a spool that was replayed days later."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT (happened_at AT TIME ZONE 'UTC')::date AS day FROM tracking_event_default "
            "ORDER BY day LIMIT %s",
            [_MISPLACED_DAYS_AT_ONCE],
        )
        return {day for (day,) in cursor.fetchall()}


def _partitions() -> set[date]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid "
            "WHERE inhparent = 'tracking_event'::regclass"
        )
        names = [match[1] for (name,) in cursor.fetchall() if (match := _PARTITION.match(name))]
    return {datetime.strptime(name, "%Y%m%d").replace(tzinfo=UTC).date() for name in names}


def _name(day: date) -> str:
    return f"tracking_event_{day:%Y%m%d}"


def midnight(day: date) -> datetime:
    """When a day begins, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
