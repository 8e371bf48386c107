"""Rollups follow the event log: advance, rebuild, check, and how old they are.

A cursor of transaction ids moves in the same database transaction as the rows it stands for, so a process that
dies leaves neither a gap nor anything counted twice, and any number of processes may call `advance`.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from django.db import connection, transaction

from momentum.lib import clock
from reports import days, log_cells, revising, rollup_store
from reports.log_cells import BUCKET_SECONDS
from reports.models import Progress
from tracking import log

logger = logging.getLogger(__name__)

_FOLLOWER = "event log"
# Any number that nothing else in the database locks.
_LOCK = 0x4D6F6D726570
# About how many events one database transaction takes on.
BATCH_EVENTS = 50_000
# The row that says "still up to date" is not worth a write more often than this.
_HEARTBEAT = timedelta(seconds=5)


def advance(batch: int = BATCH_EVENTS) -> bool:
    """Take the next finished transactions of the event log into the rollups.

    Returns True when there is more to do at once; False when caught up, or when another process is at it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return False
        return _advance(batch)


def _advance(batch: int) -> bool:
    progress, _ = Progress.objects.get_or_create(name=_FOLLOWER)
    start, horizon = progress.next_transaction, log.finished_horizon()
    if horizon < start:
        _tell_of_another_cluster()
        return False
    end = log.transaction_after(start, horizon, batch)
    cells = list(log_cells.written_between(start, end))
    if cells:
        rollup_store.store(cells)
        days.touch({days.day_of(cell.bucket) for cell in cells})
    revised = revising.apply(end)
    now, seen = clock.now(), progress.caught_up_at
    if cells or revised or end < horizon or seen is None or now - seen >= _HEARTBEAT or now < seen:
        progress.next_transaction = end
        progress.revision += bool(cells or revised)
        progress.caught_up_at = now if end == horizon else seen
        progress.save()
    return end < horizon or revised > 0


@cache
def _tell_of_another_cluster() -> None:
    """Once for each process: the age of the rollups keeps growing and tells as well."""
    logger.error("the database has begun its transaction ids anew; see docs/reports.md, Restoring")


def catch_up() -> None:
    """Advance until nothing finished is left, and condense the days that are due."""
    while advance():
        pass
    while days.condense():
        pass


def rebuild() -> None:
    """Make the rollups again from the event log, in one transaction: readers see the old ones until it is done.

    Rollups of days that retention has already cut from the log are kept.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        oldest = log_cells.log_start()
        if oldest is not None:
            for table in (rollup_store.FULL, rollup_store.CAMPAIGN):
                cursor.execute(f"DELETE FROM {table} WHERE bucket >= %s", [bucket_of(oldest)])  # noqa: S608
            days.reopen(days.day_of(oldest))
        Progress.objects.update_or_create(name=_FOLLOWER, defaults={"next_transaction": 0})
        while _advance(BATCH_EVENTS):
            pass


def forget_before(moment: datetime) -> None:
    """Drop rollups of days (UTC) before that of `moment` (retention of metrics), and values that nothing names."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        days.forget_before(days.day_of(moment))
        for table in (rollup_store.FULL, rollup_store.CAMPAIGN):
            cursor.execute(f"DELETE FROM {table} WHERE bucket < %s", [days.day_of(moment)])  # noqa: S608
        for names, column in (("reports_dimensions", "dimensions"), ("reports_detail", "detail")):
            cursor.execute(
                f"DELETE FROM {names} n WHERE NOT EXISTS "  # noqa: S608
                f"(SELECT FROM {rollup_store.FULL} r WHERE r.{column} = n.id) AND NOT EXISTS "
                f"(SELECT FROM {rollup_store.CAMPAIGN} r WHERE r.{column} = n.id)"
            )


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Where rollups and the log disagree: events of a type in a quarter hour, by each."""

    table: str
    bucket: datetime
    type: str
    in_log: int
    in_rollup: int


def check() -> list[Discrepancy]:
    """Compare counts of events with the log, as far as both reach; an empty list means they agree."""
    oldest = log_cells.log_start()
    if oldest is None:
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        progress = Progress.objects.filter(name=_FOLLOWER).first()
        return [
            Discrepancy(table, *row)
            for table in (rollup_store.FULL, rollup_store.CAMPAIGN)
            for row in _differences(table, bucket_of(oldest), progress.next_transaction if progress else 0)
        ]


def _differences(table: str, oldest: datetime, next_transaction: int) -> list[tuple[datetime, str, int, int]]:
    query = f"""
        WITH logged AS (
            SELECT date_bin('{BUCKET_SECONDS} seconds', happened_at, 'epoch') AS bucket, type, count(*) AS n
            FROM tracking_event WHERE xid < %s::text::xid8 GROUP BY 1, 2
        ), rolled AS (
            SELECT bucket, type, sum(count)::bigint AS n FROM {table} WHERE bucket >= %s GROUP BY 1, 2
        )
        SELECT bucket, type, coalesce(logged.n, 0), coalesce(rolled.n, 0)
        FROM logged FULL JOIN rolled USING (bucket, type)
        WHERE coalesce(logged.n, 0) <> coalesce(rolled.n, 0) ORDER BY bucket, type
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(query, [str(next_transaction), oldest])
        rows: list[tuple[datetime, str, int, int]] = cursor.fetchall()
    return rows


def age() -> timedelta | None:
    """How long ago the rollups last held everything that was finished; None before the first time."""
    seen = Progress.objects.filter(name=_FOLLOWER).values_list("caught_up_at", flat=True).first()
    return None if seen is None else clock.now() - seen


def revision() -> int:
    """A number that stays the same as long as no figure can have changed."""
    found = Progress.objects.filter(name=_FOLLOWER).values_list("revision", flat=True).first()
    return found or 0


def bucket_of(moment: datetime) -> datetime:
    """The start of the quarter hour that `moment` lies in."""
    utc = moment.astimezone(UTC)
    return utc.replace(minute=utc.minute // 15 * 15, second=0, microsecond=0)
