"""Days in the past, condensed: one row where quarter hours have up to 96.

A day is condensed some time after its end, and again when late events have landed in it. Until then, and while it
is being done, its quarter hours answer. Day rows count only while `Day.condensed` says so, and they are written in
short transactions: a long one would keep every follower of the event log waiting (tracking.log.finished_horizon).
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from django.db import connection, transaction
from django.db.models import F
from pyroaring import BitMap64

from momentum.lib import clock
from reports.models import Day
from reports.rollup_store import CAMPAIGN, CAMPAIGN_DAYS, FULL, FULL_DAYS, Increment, Key, upsert

DAY = timedelta(days=1)
# Late events come in flocks, such as a spool that is replayed: wait until they are all there.
QUIET = timedelta(minutes=10)
_LOCK = 0x4D6F6D646179
_SETS_AT_ONCE = 500


def day_of(moment: datetime) -> datetime:
    """The start of the day in UTC."""
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def touch(starts: Iterable[datetime]) -> None:
    """Note in the current transaction that events have landed in these days."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO reports_day AS d (start, version, condensed, changed_at) "
            "SELECT start, 1, false, %s FROM unnest(%s::timestamptz[]) AS start "
            "ON CONFLICT (start) DO UPDATE "
            "SET version = d.version + 1, condensed = false, changed_at = excluded.changed_at",
            [clock.now(), sorted(starts)],
        )


def reopen(first: datetime) -> None:
    """Let quarter hours answer for all days from `first` on, until they are condensed again."""
    Day.objects.filter(start__gte=first).update(version=F("version") + 1, condensed=False)


def forget_before(first: datetime) -> None:
    """Drop the day rows of all days before `first`."""
    Day.objects.filter(start__lt=first).delete()
    with connection.cursor() as cursor:
        for table in (FULL_DAYS, CAMPAIGN_DAYS):
            cursor.execute(f"DELETE FROM {table} WHERE bucket < %s", [first])  # noqa: S608


def condensed(start: datetime, end: datetime) -> dict[datetime, int]:
    """The condensed days that lie between two instants as a whole, with their versions."""
    found = Day.objects.filter(start__gte=start, start__lte=end - DAY, condensed=True)
    return dict(found.values_list("start", "version"))


def condense(quiet: timedelta = QUIET) -> bool:
    """Condense one day that is over and has been quiet for so long; False if there is none.

    Must not be called inside a transaction. One process at a time does it; others get False.
    """
    if _due(quiet) is None:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return False
        try:
            day = _due(quiet)
            return day is not None and _condense(day)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK])


def _due(quiet: timedelta) -> Day | None:
    now = clock.now()
    due = Day.objects.filter(condensed=False, start__lte=now - DAY, changed_at__lte=now - quiet)
    return due.order_by("-start").first()


def _condense(day: Day) -> bool:
    for source, target in ((FULL, FULL_DAYS), (CAMPAIGN, CAMPAIGN_DAYS)):
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {target} WHERE bucket = %s", [day.start])  # noqa: S608
        sets = iter(_dimension_sets(source, day.start))
        while some := list(islice(sets, _SETS_AT_ONCE)):
            with transaction.atomic():
                upsert(target, _added_up(source, day.start, some))
    # Only if nothing has landed in the day meanwhile; otherwise it is due again.
    Day.objects.filter(start=day.start, version=day.version).update(version=F("version") + 1, condensed=True)
    return True


def _dimension_sets(table: str, start: datetime) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT DISTINCT dimensions FROM {table} WHERE bucket >= %s AND bucket < %s",  # noqa: S608
            [start, start + DAY],
        )
        return [row[0] for row in cursor.fetchall()]


def _added_up(table: str, start: datetime, sets: list[int]) -> dict[Key, Increment]:
    """The rows of one day and some dimension sets, added up."""
    found: dict[Key, Increment] = {}
    for key, figures, stored in _rows(table, start, sets):
        messages = None if stored is None else BitMap64.deserialize(stored)
        found.setdefault(key._replace(bucket=start), Increment()).add(*figures, messages)
    return found


def _rows(table: str, start: datetime, sets: list[int]) -> Iterator[tuple[Key, tuple[int, int, int], bytes | None]]:
    query = (
        f"SELECT {', '.join(Key._fields)}, count, msg_size, queue_time, messages FROM {table} "  # noqa: S608
        "WHERE dimensions = ANY(%s) AND bucket >= %s AND bucket < %s"
    )
    width = len(Key._fields)
    with connection.cursor() as cursor:
        cursor.execute(query, [sets, start, start + DAY])
        for row in cursor:
            yield Key(*row[:width]), row[width : width + 3], row[-1]
