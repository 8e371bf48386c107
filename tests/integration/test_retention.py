"""What is kept how long (docs/operations.md): events, details of hits, messages, transmissions, dead letters."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from redis import Redis

from momentum.lib import clock
from reports import rollups
from tests.api import Api
from tests.integration.test_pipeline import generate, pass_time, submit
from tests.smtp_peers import Peer
from tracking import cleaning, log, requests, retention, tasks
from tracking.events import Event, EventType
from tracking.models import Cleaned, PrivacyRequest
from tracking.stream import DEAD_LETTERS
from transmissions import live_links
from transmissions.models import Chunk, Message, Snapshot, SnippetVersion, Transmission
from transmissions.progress import counts_of
from transmissions.retention import forget_messages, forget_snippet_versions, forget_transmissions

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DETAILS = {"ip_address": "203.0.113.9", "user_agent": "Firefox", "accept_language": "pt"}
KEPT = {"rcpt_meta": {"z": 10**30, "a": 1.5}, "geo_ip": {"city": "Faro"}, "text": "\\u0000é"}


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> datetime:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    return NOW


@pytest.fixture
def redis() -> Iterator["Redis"]:
    client = Redis.from_url(settings.REDIS_LOCATION)
    client.delete(DEAD_LETTERS)
    yield client
    client.delete(DEAD_LETTERS)
    client.close()


def put(days_ago: float, event_type: EventType = EventType.CLICK, message: int = 1) -> None:
    when = NOW - timedelta(days=days_ago)
    with transaction.atomic():
        log.append(
            [
                Event(
                    uuid4(), event_type, when, message, "ines@example.net", link_label="x", data={**KEPT, **DETAILS}
                )
            ]
        )


def stored() -> list[dict[str, Any]]:
    """The data of all events, oldest first."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT data::text FROM tracking_event ORDER BY happened_at")
        return [json.loads(text) for (text,) in cursor.fetchall()]


class TestHitDetails:
    def test_they_go_after_their_time_and_nothing_else_does(self, now: datetime) -> None:
        for days_ago in (95, 91, 89):
            put(days_ago)
        assert not cleaning.drop_hit_details(90, batches=10)
        assert stored() == [KEPT, KEPT, KEPT | DETAILS]
        assert list(stored()[0]["rcpt_meta"]) == ["z", "a"]

    def test_the_remote_host_of_a_delivery_is_nobodys_address(self, now: datetime) -> None:
        put(95, EventType.DELIVERY)
        cleaning.drop_hit_details(90, batches=10)
        assert stored() == [KEPT | DETAILS]

    def test_a_run_does_a_bounded_number_of_batches_and_the_next_goes_on(
        self, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cleaning, "BATCH", 2)
        for _ in range(5):
            put(95)
        assert cleaning.drop_hit_details(90, batches=1)
        assert sum("user_agent" in data for data in stored()) == 3
        assert not cleaning.drop_hit_details(90, batches=10)
        assert stored() == [KEPT] * 5

    def test_days_that_are_clean_are_not_looked_at_again(self, now: datetime) -> None:
        put(95)
        cleaning.drop_hit_details(90, batches=10)
        assert Cleaned.objects.get().until == (NOW - timedelta(days=90)).date()
        put(94)
        cleaning.drop_hit_details(90, batches=10)
        assert stored() == [KEPT, KEPT | DETAILS]

    def test_rollups_do_not_see_it(self, now: datetime) -> None:
        put(95)
        rollups.catch_up()
        revision = rollups.revision()
        cleaning.drop_hit_details(90, batches=10)
        rollups.catch_up()
        assert (rollups.revision(), rollups.check()) == (revision, [])

    def test_dead_letters_are_as_old_at_most(self, now: datetime, redis: "Redis") -> None:
        for days_ago in (91, 89):
            redis.xadd(DEAD_LETTERS, {"x": "1"}, id=f"{int((NOW - timedelta(days=days_ago)).timestamp() * 1000)}-0")
        tasks.drop_hit_details()
        assert redis.xlen(DEAD_LETTERS) == 1


class TestPartitions:
    @pytest.fixture(autouse=True)
    def _no_partitions_left(self) -> Iterator[None]:
        yield
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'tracking_event'::regclass "
                "AND inhrelid <> 'tracking_event_default'::regclass"
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f"DROP TABLE {name}")

    def test_rows_without_one_raise_an_alarm_and_are_brought_home(
        self, now: datetime, caplog: pytest.LogCaptureFixture
    ) -> None:
        put(40)
        put(41)
        health = Client().get("/healthz")
        assert (health.status_code, health.json()["misplaced_events"]) == (200, 2)
        tasks.keep_partitions()
        assert "2 events (or more) had no daily partition" in caplog.text
        assert Client().get("/healthz").json()["misplaced_events"] == 0
        assert len(stored()) == 2
        caplog.clear()
        tasks.keep_partitions()
        assert caplog.text == ""

    def test_old_days_are_dropped_as_a_whole(self, now: datetime) -> None:
        put(401)
        put(399)
        tasks.keep_partitions()
        assert len(stored()) == 1
        retention.drop_partitions(1)
        assert stored() == []


class TestTransmissions:
    def test_messages_go_and_what_was_counted_stays(
        self, api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        peer.replies["RCPT TO:<gone@"] = "550 5.1.1 unknown"
        first = submit(api, "a@example.net", "gone@example.net", metadata={"issue": 12})
        generate()
        shown = api.get(f"transmissions/{first}").json()["results"]["transmission"]
        pass_time(monkeypatch, timedelta(days=29))
        assert not forget_messages(30)
        assert Message.objects.count() == 2
        pass_time(monkeypatch, timedelta(days=2))
        second = submit(api, "b@example.net")
        generate()
        assert not forget_messages(30)
        assert set(Message.objects.values_list("transmission_id", flat=True)) == {second}
        assert set(Chunk.objects.values_list("transmission_id", flat=True)) == {second}
        assert set(Snapshot.objects.values_list("transmission_id", flat=True)) == {second}
        assert api.get(f"transmissions/{first}").json()["results"]["transmission"] == shown | {"metadata": {}}
        assert live_links.by_key().total() == 3
        counts = counts_of(Transmission.objects.filter(id=first))[first]
        assert (counts.generated, counts.delivered, counts.bounced, counts.deferred) == (2, 1, 1, 0)

    def test_its_page_says_so(
        self, api: Api, peer: Peer, admin_client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = submit(api, "a@example.net")
        generate()
        pass_time(monkeypatch, timedelta(days=31))
        forget_messages(30)
        page = admin_client.get(f"/admin/transmissions/transmission/{first}/change/", follow=True)
        assert page.status_code == 200
        assert "Content and recipients were deleted on" in page.content.decode()
        assert admin_client.get("/admin/transmissions/transmission/").status_code == 200

    def test_what_is_still_due_is_kept(self, api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
        peer.replies["RCPT"] = "451 4.3.0 come back"
        submit(api, "a@example.net")
        generate()
        start = clock.now() + timedelta(days=60)
        submit(api, "b@example.net", options={"start_time": start.isoformat()})
        pass_time(monkeypatch, timedelta(days=40))
        assert not forget_messages(30)
        assert Chunk.objects.count() == 2

    def test_a_run_that_is_cut_short_is_continued(
        self, api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = submit(api, *(f"r{number}@example.net" for number in range(1100)))
        generate()
        pass_time(monkeypatch, timedelta(days=31))
        with monkeypatch.context() as patch:
            patch.setattr("transmissions.retention._delete_chunk", _die)
            with pytest.raises(KeyboardInterrupt):
                forget_messages(30)
        assert Chunk.objects.count() == 3
        assert api.get(f"transmissions/{first}").json()["results"]["transmission"]["num_generated"] == 1100
        assert live_links.by_key().total() == 1100
        assert not forget_messages(30)
        assert (Chunk.objects.count(), Message.objects.count()) == (0, 0)

    def test_the_transmission_itself_goes_with_its_events(
        self, api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = submit(api, "a@example.net")
        generate()
        pass_time(monkeypatch, timedelta(days=399))
        forget_messages(30)
        forget_transmissions(400)
        assert Transmission.objects.count() == 1
        pass_time(monkeypatch, timedelta(days=2))
        forget_transmissions(400)
        assert api.get(f"transmissions/{first}").status_code == 404

    def test_versions_of_snippets_go_when_no_generation_can_ask_for_them(
        self, api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        api.post("snippets", {"id": "legal", "content": {"text": "v1"}})
        submit(api, "a@example.net")
        generate()
        for version in ("v2", "v3"):
            pass_time(monkeypatch, timedelta(days=20))
            api.put("snippets/legal", {"content": {"text": version}})
        forget_snippet_versions()
        assert SnippetVersion.objects.count() == 3, "a retry may still need the first"
        pass_time(monkeypatch, timedelta(hours=1))
        forget_messages(30)
        forget_snippet_versions()
        assert api.get("snippets/legal").json()["results"]["content"] == {"text": "v3"}
        assert SnippetVersion.objects.count() == 1


def _die(_: int) -> None:
    raise KeyboardInterrupt


def test_the_record_of_an_erasure_goes_when_no_link_of_that_time_lives(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    PrivacyRequest.objects.create(kind="rtbf", digest="d", requested_at=now, done_at=now, stage="done")
    PrivacyRequest.objects.create(kind="opt-out", address="a@b.test", requested_at=now, done_at=now, stage="done")
    pass_time(monkeypatch, timedelta(days=364))
    requests.forget(30)
    assert PrivacyRequest.objects.count() == 2
    pass_time(monkeypatch, timedelta(days=2))
    requests.forget(30)
    assert PrivacyRequest.objects.get().kind == "opt-out"
