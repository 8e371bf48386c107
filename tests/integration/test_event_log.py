from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction

from tracking import log
from tracking.events import Event, EventType

pytestmark = pytest.mark.django_db(transaction=True)

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)


def make_event(**changes: object) -> Event:
    return Event(
        **{
            "event_id": uuid4(),
            "type": EventType.CLICK,
            "happened_at": NOON,
            "message": 7,
            "rcpt_to": "ines@example.net",
            **changes,
        }  # type: ignore[arg-type]
    )


def test_the_same_event_is_stored_once() -> None:
    event = make_event()
    with transaction.atomic():
        assert log.append([event]) == 1
    with transaction.atomic():
        assert log.append([event, make_event()]) == 1


def test_two_appends_of_one_transaction_do_not_disturb_each_other() -> None:
    with transaction.atomic():
        assert log.append([make_event(), make_event()]) == 2
        assert log.append([make_event()]) == 1


def test_a_follower_sees_each_row_once_although_an_earlier_writer_commits_later() -> None:
    start = log.finished_horizon()
    with closing(connection.copy()) as other, other.cursor() as slow:
        slow.execute("BEGIN")
        slow.execute("SELECT pg_current_xact_id()")
        with transaction.atomic():
            log.append([make_event(message=2)])
        first_end = log.finished_horizon()
        first = [row for rows in log.read_finished(start, first_end, ["message"]) for row in rows]
        slow.execute(
            "INSERT INTO tracking_event (event_id, type, happened_at, message, rcpt_to)"
            " VALUES (gen_random_uuid(), 'open', %s, 1, 'a@b.test')",
            [NOON],
        )
        slow.execute("COMMIT")
    second = [row for rows in log.read_finished(first_end, log.finished_horizon(), ["message"]) for row in rows]
    assert first == []
    assert sorted(second) == [(1,), (2,)]


def test_partitions_are_made_once_and_take_their_day() -> None:
    for _ in range(2):
        log.ensure_partitions(NOON.date(), (NOON + timedelta(days=1)).date())
    with transaction.atomic():
        log.append([make_event()])
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM tracking_event WHERE message = 7")
        assert cursor.fetchone() == ("tracking_event_20310501",)
        cursor.execute("DROP TABLE tracking_event_20310501, tracking_event_20310502")


def test_a_nul_in_what_callers_know_of_a_recipient_does_not_stop_the_readers() -> None:
    metadata = {"a\0b": ["\0", {"c": "\0"}], "d": "\\u0000"}
    with transaction.atomic():
        log.append([make_event(type=EventType.CLICK, data={"rcpt_meta": metadata, "target_link_name": "lead"})])
    with connection.cursor() as cursor:
        cursor.execute("SELECT data->>'target_link_name', data->'rcpt_meta' FROM tracking_event")
        assert cursor.fetchone() == ("lead", {"a\ufffdb": ["\ufffd", {"c": "\ufffd"}], "d": "\\u0000"})
