"""The tracked URLs on the web process."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from tests.unit.tracking.builders import RING, make_token
from tracking import hits, spool, stream, views
from tracking.addresses import TrustedProxies
from tracking.recorder import Recorder
from tracking.recording import Recording
from tracking.tokens import Kind

from .conftest import OwnRedis
from .test_recorder import rows

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.urls("tracking.urls")]

CLICK = "/f/" + make_token()
OPEN = "/q/" + make_token(kind=Kind.OPEN, url="", name="", label="")
UNSUBSCRIBE = "/u/" + make_token(kind=Kind.LIST_UNSUBSCRIBE, url="", name="", label="")


@pytest.fixture
def web(own_redis: OwnRedis, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    recording = Recording(own_redis.url, home)
    monkeypatch.setattr(views, "_keyring", lambda: RING)
    monkeypatch.setattr(views, "_recording", lambda: recording)
    yield Client(enforce_csrf_checks=True)
    recording.close()


def test_the_web_process_answers_and_records_like_the_tracker(
    web: Client, own_recorder: Recorder, settings: object
) -> None:
    settings.TRUSTED_PROXIES = TrustedProxies.from_text("127.0.0.1")  # type: ignore[attr-defined]
    answer = web.get(CLICK + "?fbclid=1", headers={"user-agent": "Firefox/140.0", "x-forwarded-for": "203.0.113.9"})
    assert (answer.status_code, answer["Location"], answer.content) == (302, "https://shop.test/Faro", b"")
    assert answer["Content-Type"] == "text/plain"
    assert not answer.cookies
    assert web.get(OPEN).content == hits.PIXEL
    head = web.head(OPEN)
    assert (head.content, head["Content-Length"]) == (b"", str(len(hits.PIXEL)))
    assert web.get("/f/a/b").status_code == 404
    assert web.delete(CLICK).status_code == 405
    assert web.get("/robots.txt").content == b"User-agent: *\nDisallow: /\n"
    form = {"content_type": "application/x-www-form-urlencoded"}
    assert web.get(UNSUBSCRIBE).status_code == 200
    assert web.post(UNSUBSCRIBE, "List-Unsubscribe=One-Click", **form).status_code == 200
    assert web.post(UNSUBSCRIBE, "x" * 100_000, **form).status_code == 400
    own_recorder.run_once(wait_ms=50)
    assert sorted(rows()) == ["click", "list_unsubscribe", "open"]
    assert rows("data->>'ip_address', data->>'user_agent'")[0] == ("203.0.113.9", "Firefox/140.0")


def test_without_redis_the_hit_is_spooled_and_the_recorder_brings_it_in(
    web: Client, own_redis: OwnRedis, own_recorder: Recorder, home: Path
) -> None:
    own_redis.stop()
    assert [web.get(CLICK).status_code for _ in range(3)] == [302] * 3
    assert len(list(spool.folder(home).iterdir())) == 3
    own_redis.start()
    own_recorder.run_once(wait_ms=1)
    own_recorder.run_once(wait_ms=50)
    assert rows() == ["click"] * 3
    assert list(spool.folder(home).iterdir()) == []


def test_without_redis_and_disk_the_reader_is_served(web: Client, own_redis: OwnRedis, home: Path) -> None:
    own_redis.stop()
    spool.folder(home).write_text("")
    assert web.get(CLICK).status_code == 302
    spool.folder(home).unlink()
    own_redis.start()
    assert own_redis.client.xlen(stream.STREAM) == 0
