"""The recorder on the real Redis and PostgreSQL of the test run."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import override_settings
from redis import Redis

from momentum.lib import clock, ids
from tests.unit.tracking.builders import RING, SEALER, SENT_AT, TRANSMISSION, make_link_part, make_message_part
from tracking import log, second_look, stream
from tracking.events import Event, EventType
from tracking.hits import Hit
from tracking.judging import Unrecorded
from tracking.models import Option
from tracking.recorder import Recorder
from tracking.tokens import Kind

pytestmark = pytest.mark.django_db(transaction=True)

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CLICKED_AT = SENT_AT + 3600


@pytest.fixture
def redis() -> Iterator["Redis"]:
    client = Redis.from_url(settings.REDIS_LOCATION)
    client.delete(stream.STREAM, stream.DEAD_LETTERS)
    yield client
    client.delete(stream.STREAM, stream.DEAD_LETTERS)
    client.close()


@pytest.fixture
def recorder(redis: "Redis") -> Recorder:
    return make_recorder(redis)


def make_recorder(redis: "Redis") -> Recorder:
    # The hits here are of a fixed day, which is long ago by now.
    with override_settings(HIT_DETAILS_KEPT_DAYS=36_500):
        recorder = Recorder(redis, RING, settings.MOMENTUM_HOME, wait_for_dead_ms=1)
    recorder.run_once(wait_ms=1)
    return recorder


def make_hit(
    message: dict[str, Any] | None = None, at: float = CLICKED_AT, agent: str = FIREFOX, **link: Any
) -> Hit:
    at_ms = int(at * 1000)
    return Hit(
        *(ids.hit_event_id(at_ms).bytes, at_ms, SEALER.message_part(make_message_part(**message or {}))),
        *(SEALER.link_part(make_link_part(**link)), "203.0.113.9", agent),
    )


def put(redis: "Redis", *hits: Hit) -> None:
    for value in stream.entries([stream.hit_frame(hit) for hit in hits]):
        redis.xadd(stream.STREAM, {stream.FIELD: value})


def rows(columns: str = "type") -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM tracking_event ORDER BY happened_at, type, event_id")
        found = cursor.fetchall()
    return [row[0] if len(row) == 1 else row for row in found]


def decide(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the time pass for which unsubscriptions are held back."""
    now = clock.now() + timedelta(minutes=1)
    monkeypatch.setattr("momentum.lib.clock.now", lambda: now)
    while second_look.step():
        pass


def store_message(**changes: Any) -> None:
    injected = datetime.fromtimestamp(SENT_AT + 2, UTC)
    common = {
        "message": 4711,
        "rcpt_to": "ines+spring@example.net",
        "ip_pool": "marketing",
        "mailbox_provider": "Other",
        "mailbox_provider_region": "Global",
        "subject_campaign": "News from Faro",
        "msg_size": 2210,
    }
    data = {
        "friendly_from": "news@mail.example.org",
        "msg_from": "bounce@mail.example.org",
        "subject": "News from Faro",
        "injection_time": "2026-03-02T09:00:02.000Z",
        "rcpt_hash": "9f" * 20,
        "routing_domain": "example.net",
        "transactional": "0",
        "recv_method": "rest",
        "raw_reason": "no business of an engagement event",
    }
    events = [
        Event(ids.message_event_id(4711, "injection", 0), EventType.INJECTION, injected, **common, data=data),
        Event(
            ids.message_event_id(4711, "delivery", 0),
            EventType.DELIVERY,
            injected + timedelta(hours=71),
            **common | {"sending_ip": "192.0.2.10", "num_retries": 2, "queue_time": 840},
            data=data | {"delv_method": "esmtp"},
        ),
    ]
    with transaction.atomic():
        log.append(events)


def test_a_click_becomes_one_event_with_all_its_dimensions(redis: "Redis", recorder: Recorder) -> None:
    store_message()
    hit = make_hit()
    put(redis, hit)
    assert recorder.run_once(wait_ms=1).recorded == 1
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT event_id, happened_at, message, rcpt_to, transmission, campaign_id, template_id,"
            " recipient_domain, sending_domain, sending_ip, ip_pool, subject_campaign, link_label, traffic,"
            " is_prefetched, msg_size, num_retries, queue_time, data::text FROM tracking_event WHERE type = 'click'"
        )
        *columns, text = cursor.fetchone()
    assert columns == [
        UUID(bytes=hit.event_id),
        datetime.fromtimestamp(CLICKED_AT, UTC),
        *(4711, "ines+spring@example.net", TRANSMISSION, "spring-31", "spring-notice", "example.net"),
        *("mail.example.org", "192.0.2.10", "marketing", "News from Faro", "lead", "human", False, 2210, 2, 840),
    ]
    assert json.loads(text) == {
        "customer_id": "1",
        "message_id": ids.message_id(4711, SENT_AT - 60),
        "raw_rcpt_to": "Ines+spring@example.net",
        "rcpt_meta": {"issue": 12, "uid": "u-7"},
        "rcpt_tags": ["reader"],
        "template_version": "3",
        "target_link_url": "https://shop.test/Faro",
        "target_link_name": "lead",
        "link": {"part": "html", "position": 1},
        "ip_address": "203.0.113.9",
        "user_agent": FIREFOX,
        "user_agent_parsed": {
            "agent_family": "Firefox",
            "device_family": "Other",
            "os_family": "Linux",
            "is_mobile": False,
            "is_proxy": False,
            "is_prefetched": False,
        },
        "open_tracking": True,
        "click_tracking": True,
        "initial_pixel": True,
        "amp_enabled": False,
        "friendly_from": "news@mail.example.org",
        "msg_from": "bounce@mail.example.org",
        "subject": "News from Faro",
        "injection_time": "2026-03-02T09:00:02.000Z",
        "rcpt_hash": "9f" * 20,
        "routing_domain": "example.net",
        "transactional": "0",
        "delv_method": "esmtp",
        "traffic": {"class": "human", "reasons": [], "rules": 2, "after_ms": 3_600_000, "link": "html 1"},
    }


def test_a_hit_of_purged_mail_carries_only_what_token_and_request_say(redis: "Redis", recorder: Recorder) -> None:
    put(redis, make_hit(kind=Kind.OPEN, url="", name="", label=""))
    assert recorder.run_once(wait_ms=1).recorded == 1
    (data,) = rows("data::text")
    assert "null" not in data
    assert "subject" not in data
    assert rows("type, sending_ip, link_label") == [("open", "", "")]


def test_redelivered_and_repeated_entries_add_nothing(redis: "Redis", recorder: Recorder) -> None:
    hit = make_hit()
    put(redis, hit, hit)
    put(redis, hit)
    recorder.run_once(wait_ms=1)
    put(redis, hit)
    recorder.run_once(wait_ms=1)
    assert rows() == ["click"]
    assert redis.xlen(stream.STREAM) == 0
    assert redis.xpending(stream.STREAM, stream.GROUP)["pending"] == 0


def test_what_a_dead_recorder_had_read_is_taken_over(redis: "Redis", recorder: Recorder) -> None:
    put(redis, make_hit(), make_hit())
    assert redis.xreadgroup(stream.GROUP, "dead", {stream.STREAM: ">"})
    assert make_recorder(redis).run_once(wait_ms=1).recorded + len(rows()) >= 2
    assert rows() == ["click", "click"]
    assert redis.xpending(stream.STREAM, stream.GROUP)["pending"] == 0


def test_an_unsubscribe_link_makes_two_events_and_a_machine_only_the_click(
    redis: "Redis", recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(redis, make_hit(unsubscribe=True), make_hit(at=CLICKED_AT + 9000, unsubscribe=True, agent="Mozilla/5.0"))
    recorder.run_once(wait_ms=1)
    decide(monkeypatch)
    assert rows("type, is_prefetched") == [("click", False), ("link_unsubscribe", False), ("click", True)]


def test_a_one_click_unsubscribe_is_recorded_with_its_recipient_as_sender(
    redis: "Redis", recorder: Recorder
) -> None:
    put(redis, make_hit(kind=Kind.LIST_UNSUBSCRIBE, url="", name="", label=""))
    recorder.run_once(wait_ms=1)
    assert rows("type, data->>'mailfrom', data->>'user_agent'") == [
        ("list_unsubscribe", "Ines+spring@example.net", None)
    ]


def test_hits_on_expired_links_are_refused(redis: "Redis", recorder: Recorder) -> None:
    Option.objects.create(name="tracking_link_expiry", value=3600)
    put(redis, make_hit(at=SENT_AT + 3600), make_hit(at=SENT_AT + 3601))
    tally = recorder.run_once(wait_ms=1)
    assert (tally.recorded, tally.refused) == (1, {Unrecorded.EXPIRED: 1})


def test_clicks_are_refused_while_the_account_has_them_switched_off(
    redis: "Redis", recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    Option.objects.create(name="click_tracking", value=False)
    put(redis, make_hit(), make_hit(unsubscribe=True), make_hit(kind=Kind.OPEN, url=""))
    assert recorder.run_once(wait_ms=1).refused == {Unrecorded.SWITCHED_OFF: 2}
    decide(monkeypatch)
    assert sorted(rows()) == ["link_unsubscribe", "open"]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"\xc1 not msgpack", b"not a list of hits"),
        (stream.entries([b"\x93abc"])[0], b"not a hit"),
        (stream.entries([stream.hit_frame(Hit(b"short", 1, "a", "b"))])[0], b"not a hit"),
        (stream.entries([stream.hit_frame(Hit(b"x" * 16, -1, "a", "b"))])[0], b"not a hit"),
        (stream.entries([stream.hit_frame(Hit(b"x" * 16, 1, "a", "b"))])[0], b"does not open: malformed"),
    ],
)
def test_poison_goes_to_the_dead_letters_and_stops_nobody(
    redis: "Redis", recorder: Recorder, value: bytes, reason: bytes
) -> None:
    redis.xadd(stream.STREAM, {stream.FIELD: value})
    put(redis, make_hit())
    tally = recorder.run_once(wait_ms=1)
    assert (tally.recorded, tally.dead) == (1, 1)
    ((_, letter),) = redis.xrange(stream.DEAD_LETTERS)
    assert reason in letter[b"reason"]
    assert redis.xlen(stream.STREAM) == 0


def test_a_value_that_only_the_database_refuses_is_poison_too(redis: "Redis", recorder: Recorder) -> None:
    put(redis, make_hit(campaign_id="nul\0in it"), make_hit(), make_hit(at=-1e14))
    tally = recorder.run_once(wait_ms=1)
    assert (tally.recorded, tally.dead) == (1, 2)


def test_a_hit_waits_a_moment_for_the_events_of_its_young_message(
    redis: "Redis", recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.fromtimestamp(SENT_AT + 3, UTC)
    monkeypatch.setattr("momentum.lib.clock.now", lambda: now)
    put(redis, make_hit(at=SENT_AT + 3))
    assert recorder.run_once(wait_ms=1).entries == 0
    store_message()
    assert recorder.run_once(wait_ms=1).recorded == 1
    assert rows("ip_pool, num_retries")[-1] == ("marketing", 2)


def test_a_hit_whose_message_does_not_turn_up_is_recorded_all_the_same(
    redis: "Redis", recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [datetime.fromtimestamp(SENT_AT + 3, UTC)]
    monkeypatch.setattr("momentum.lib.clock.now", lambda: now[0])
    put(redis, make_hit(at=SENT_AT + 3))
    assert recorder.run_once(wait_ms=1).entries == 0
    now[0] += timedelta(seconds=2)
    assert recorder.run_once(wait_ms=1).recorded == 1


def test_a_gateway_that_follows_every_link_is_a_scanner(redis: "Redis", recorder: Recorder) -> None:
    put(redis, *(make_hit(position=position, at=CLICKED_AT + position / 10) for position in range(1, 6)))
    recorder.run_once(wait_ms=1)
    assert set(rows("traffic")) == {"scanner"}


def test_the_stream_may_vanish_under_a_running_recorder(redis: "Redis", recorder: Recorder) -> None:
    redis.flushdb()
    recorder.run_once(wait_ms=1)
    put(redis, make_hit())
    recorder.run_once(wait_ms=1)
    assert rows() == ["click"]
