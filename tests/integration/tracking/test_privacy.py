"""What the recorder stores of readers, by setting and by their own wish (contract 95 §7)."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.db import connection
from django.test import override_settings
from redis import Redis

from momentum.lib import clock
from tests.unit.tracking.builders import RING, SENT_AT
from tracking import places, requests, stream
from tracking.models import PrivacyRequest
from tracking.personal import HitAddresses
from tracking.recorder import Recorder

from .test_recorder import CLICKED_AT, make_hit, put, rows, store_message

pytestmark = pytest.mark.django_db(transaction=True)

INES = "ines+spring@example.net"
FARO = {"country": "PT", "city": "Faro"}


@pytest.fixture
def redis() -> Iterator["Redis"]:
    client = Redis.from_url(settings.REDIS_LOCATION)
    client.delete(stream.STREAM, stream.DEAD_LETTERS)
    yield client
    client.delete(stream.STREAM, stream.DEAD_LETTERS)
    client.close()


@pytest.fixture(autouse=True)
def _recently(monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour after the click; every whole address is in Faro."""
    monkeypatch.setattr(clock, "now", lambda: datetime.fromtimestamp(CLICKED_AT, UTC) + timedelta(hours=1))
    monkeypatch.setattr(places.Places, "of", lambda _, address: FARO if address == "203.0.113.9" else {})


def record(redis: "Redis") -> None:
    """A recorder with the settings of now, until nothing is left."""
    recorder = Recorder(redis, RING, settings.MOMENTUM_HOME, wait_for_dead_ms=1)
    recorder.run_once(wait_ms=1)
    while recorder.run_once(wait_ms=1).entries:
        pass


def recorded(redis: "Redis", **hit: Any) -> tuple[str, dict[str, Any]]:
    """Recipient and data of the event of one click."""
    put(redis, make_hit(**hit))
    record(redis)
    ((rcpt_to, data),) = [row[:2] for row in rows("rcpt_to, data::text, type") if row[2] == "click"]
    return rcpt_to, json.loads(data)


@pytest.mark.parametrize(
    "setting, stored",
    [(HitAddresses.FULL, "203.0.113.9"), (HitAddresses.TRUNCATED, "203.0.113.0"), (HitAddresses.NONE, None)],
)
def test_addresses_are_cut_but_the_place_is_that_of_the_whole_one(
    redis: "Redis", setting: HitAddresses, stored: str | None
) -> None:
    with override_settings(HIT_ADDRESSES=setting):
        rcpt_to, data = recorded(redis)
    assert (rcpt_to, data.get("ip_address"), data["geo_ip"]) == (INES, stored, FARO)
    assert "203.0.113.9" not in json.dumps(data) or setting is HitAddresses.FULL


def test_dead_letters_hold_no_more_of_an_address_than_events(redis: "Redis") -> None:
    hit = make_hit()
    put(redis, msgspec.structs.replace(hit, link_part="AQAB" * 20))
    with override_settings(HIT_ADDRESSES=HitAddresses.TRUNCATED):
        record(redis)
    ((_, letter),) = redis.xrange(stream.DEAD_LETTERS)  # type: ignore[misc]
    assert b"203.0.113.0" in letter[stream.FIELD]
    assert b"203.0.113.9" not in letter[stream.FIELD]


def test_a_hit_that_is_replayed_after_months_has_no_details(
    redis: "Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime.fromtimestamp(CLICKED_AT, UTC) + timedelta(days=91))
    _, data = recorded(redis)
    assert {"ip_address", "user_agent"}.isdisjoint(data)
    assert data["user_agent_parsed"]["agent_family"] == "Firefox"


def ask(kind: PrivacyRequest.Kind, address: str = INES) -> None:
    requests.save(kind, [address], include_subaccounts=False, by="tests")


def test_later_hits_of_people_who_asked_for_erasure_have_nothing_of_them(redis: "Redis") -> None:
    store_message()
    ask(PrivacyRequest.Kind.ERASURE)
    rcpt_to, data = recorded(redis)
    assert (rcpt_to, data["raw_rcpt_to"], data["rcpt_meta"], data["rcpt_tags"]) == ("", "", {}, [])
    assert {"ip_address", "user_agent", "user_agent_parsed", "geo_ip", "rcpt_hash"}.isdisjoint(data)
    assert data["message_id"]


def test_also_when_the_erasure_is_done_and_their_address_forgotten(
    redis: "Redis", monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(PrivacyRequest.Kind.ERASURE)
    (group,) = requests.groups()
    requests.finish(group, timedelta(0))
    assert PrivacyRequest.objects.get().address == ""
    assert recorded(redis)[0] == ""


def test_mail_that_is_accepted_after_an_erasure_is_a_new_matter(redis: "Redis") -> None:
    ask(PrivacyRequest.Kind.ERASURE)
    (group,) = requests.groups()
    requests.finish(group, timedelta(0))
    PrivacyRequest.objects.update(done_at=datetime.fromtimestamp(SENT_AT, UTC) - timedelta(days=1))
    assert recorded(redis)[0] == INES


def test_hits_of_others_are_untouched(redis: "Redis") -> None:
    ask(PrivacyRequest.Kind.ERASURE, "omar@example.net")
    ask(PrivacyRequest.Kind.OPT_OUT, "omar@example.net")
    rcpt_to, data = recorded(redis)
    assert (rcpt_to, data["geo_ip"]) == (INES, FARO)


def test_after_an_opt_out_there_is_no_place_and_no_agent_taken_apart(redis: "Redis") -> None:
    ask(PrivacyRequest.Kind.OPT_OUT)
    rcpt_to, data = recorded(redis)
    assert rcpt_to == INES
    assert {"geo_ip", "user_agent_parsed"}.isdisjoint(data)
    assert data["user_agent"].startswith("Mozilla")


def test_an_erasure_beats_an_opt_out(redis: "Redis") -> None:
    ask(PrivacyRequest.Kind.OPT_OUT)
    ask(PrivacyRequest.Kind.ERASURE)
    assert recorded(redis)[0] == ""


def test_the_log_of_an_erased_person_is_not_found_by_address(redis: "Redis") -> None:
    ask(PrivacyRequest.Kind.ERASURE)
    recorded(redis)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tracking_event WHERE tracking_event::text ILIKE '%%ines%%'")
        assert cursor.fetchone() == (0,)
