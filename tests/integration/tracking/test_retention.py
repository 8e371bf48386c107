from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction

from tests.integration.test_event_log import make_event
from tracking import log, retention

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = date(2033, 3, 10)


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("momentum.lib.clock.now", lambda: datetime(2033, 3, 10, 12, tzinfo=UTC))
    yield
    with connection.cursor() as cursor:
        for day in partitions():
            cursor.execute(f"DROP TABLE tracking_event_{day}")


def partitions() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid"
            " WHERE inhparent = 'tracking_event'::regclass AND relname <> 'tracking_event_default' ORDER BY 1"
        )
        return [name.rpartition("_")[2] for (name,) in cursor.fetchall()]


def test_partitions_reach_from_yesterday_to_two_weeks_ahead() -> None:
    retention.keep_partitions()
    retention.keep_partitions()
    days = partitions()
    assert (days[0], days[-1], len(days)) == ("20330309", "20330324", 16)


def test_rows_that_came_before_their_partition_are_moved_and_seen_once_by_followers() -> None:
    start = log.finished_horizon()
    with transaction.atomic():
        log.append([make_event(happened_at=datetime(2033, 3, 10, 1, tzinfo=UTC), message=5)])
    middle = log.finished_horizon()
    retention.keep_partitions()
    first = [row for rows in log.read_finished(start, middle, ["message"]) for row in rows]
    second = [row for rows in log.read_finished(middle, log.finished_horizon(), ["message"]) for row in rows]
    assert (first, second) == ([(5,)], [])
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM tracking_event")
        assert cursor.fetchall() == [("tracking_event_20330310",)]


def test_days_that_are_old_enough_are_dropped() -> None:
    log.ensure_partitions(TODAY - timedelta(days=12), TODAY)
    with transaction.atomic():
        for days in (12, 10, 400):
            happened_at = datetime(2033, 3, 10, 1, tzinfo=UTC) - timedelta(days=days)
            log.append([make_event(happened_at=happened_at, message=days)])
    assert retention.drop_partitions(10) == [date(2033, 2, 26), date(2033, 2, 27)]
    with connection.cursor() as cursor:
        cursor.execute("SELECT message FROM tracking_event")
        assert cursor.fetchall() == [(10,)]
