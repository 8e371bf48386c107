"""Keys rotated and revoked while a tracker and a recorder run (contract 50 §13.18)."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests.unit.tracking.builders import make_link_part, make_message_part
from tracking import hits, key_file, key_watch
from tracking.recorder import Recorder
from tracking.tokens import Kind, Sealer

from .conftest import OwnRedis, TrackerProcess, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def tracker(home: Path, own_redis: OwnRedis) -> Iterator[TrackerProcess]:
    process = TrackerProcess(home, own_redis.url, keys="")
    yield process
    process.stop()


def links(home: Path) -> tuple[str, str]:
    """A pixel and a click, sealed with the key that seals now."""
    sealer = Sealer(key_watch.WatchedKeys(home).current)
    message = sealer.message_part(make_message_part())
    pixel = make_link_part(kind=Kind.OPEN, url="", name="", label="")
    return f"/q/{message}/{sealer.link_part(pixel)}", f"/f/{message}/{sealer.link_part(make_link_part())}"


def recorded() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tracking_event")
        return int(cursor.fetchone()[0])


def test_rotation_and_revocation_reach_running_processes(
    home: Path, own_redis: OwnRedis, tracker: TrackerProcess
) -> None:
    recorder = Recorder(own_redis.client, key_watch.WatchedKeys(home), home, wait_for_dead_ms=1)
    recorder.run_once(wait_ms=1)
    old = key_watch.WatchedKeys(home).current.sealing.name
    old_pixel, old_click = links(home)
    assert tracker.request(old_click)[0] == 302

    key_file.rotate(home)
    _, new_click = links(home)
    assert tracker.request(new_click)[0] == 302
    assert tracker.request(old_click)[0] == 302

    def all_recorded() -> bool:
        recorder.run_once(wait_ms=20)
        return recorded() == 3

    wait_until(all_recorded)

    assert key_file.revoke(home, old) is None
    status, headers, _ = tracker.request(old_click)
    assert (status, "location" in headers) == (404, False)
    status, _, body = tracker.request(old_pixel)
    assert (status, body) == (200, hits.PIXEL)
    assert tracker.request(new_click)[0] == 302
    wait_until(lambda: recorder.run_once(wait_ms=20).recorded == 1)
    assert recorded() == 4
