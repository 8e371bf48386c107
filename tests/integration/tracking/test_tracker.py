"""The tracker as a process, with everything behind it failing in turn."""

import json
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.tracking.builders import make_token
from tracking import hits, spool
from tracking.recorder import Recorder
from tracking.tokens import Kind

from .conftest import OwnRedis, TrackerProcess, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

CLICK = "/f/" + make_token()
OPEN = "/q/" + make_token(kind=Kind.OPEN, url="", name="", label="")
UNSUBSCRIBE = "/u/" + make_token(kind=Kind.LIST_UNSUBSCRIBE, url="", name="", label="")


def recorded() -> Counter[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT type, count(*) FROM tracking_event GROUP BY type")
        return Counter(dict(cursor.fetchall()))


def is_recording(tracker: TrackerProcess, where: str) -> bool:
    return json.loads(tracker.request("/healthz")[2])["recording"] == where


def record_until(recorder: Recorder, expected: dict[str, int]) -> None:
    def done() -> bool:
        recorder.run_once(wait_ms=20)
        return recorded() == expected

    wait_until(done)
    # Nothing comes twice afterwards.
    recorder.run_once(wait_ms=50)
    assert recorded() == expected


def test_each_request_is_recorded_once(tracker: TrackerProcess, own_recorder: Recorder) -> None:
    assert tracker.request(OPEN)[2] == hits.PIXEL
    status, headers, body = tracker.request(
        CLICK + "?fbclid=1", user_agent="Firefox/140.0", x_forwarded_for="6.6.6.6, 203.0.113.9"
    )
    assert (status, headers["location"], headers["content-length"], body) == (
        302,
        "https://shop.test/Faro",
        "0",
        b"",
    )
    assert "set-cookie" not in headers
    assert tracker.request(CLICK, "HEAD")[0] == 302
    assert tracker.request(OPEN, "HEAD")[1]["content-length"] == str(len(hits.PIXEL))
    assert tracker.request(UNSUBSCRIBE)[0] == 200
    assert tracker.request(UNSUBSCRIBE, "POST", b"List-Unsubscribe=One-Click")[0] == 200
    assert tracker.request(UNSUBSCRIBE, "POST", b"x" * 100_000)[0] == 400
    assert tracker.request(CLICK[:-1])[0] == 404
    assert tracker.request(CLICK, "DELETE")[0] == 405
    record_until(own_recorder, {"open": 1, "click": 1, "list_unsubscribe": 1})
    with connection.cursor() as cursor:
        cursor.execute("SELECT data->>'ip_address', data->>'user_agent' FROM tracking_event WHERE type = 'click'")
        assert cursor.fetchone() == ("203.0.113.9", "Firefox/140.0")


def test_percent_encoded_paths_are_understood(tracker: TrackerProcess) -> None:
    for path in (CLICK.replace("-", "%2D").replace("_", "%5f"), CLICK.replace("/f/", "/f/a%7Eb/"), CLICK + "%29"):
        assert tracker.request(path)[0] == 302


def test_the_same_image_requested_at_the_same_time_is_two_opens(
    tracker: TrackerProcess, own_recorder: Recorder
) -> None:
    threads = [threading.Thread(target=tracker.request, args=(OPEN,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    record_until(own_recorder, {"open": 8})


def test_while_redis_is_away_hits_go_to_the_spool_and_come_back_once(
    tracker: TrackerProcess, own_redis: OwnRedis, own_recorder: Recorder, home: Path
) -> None:
    wait_until(lambda: is_recording(tracker, "stream"))
    assert tracker.request(CLICK)[0] == 302
    own_redis.stop()
    for _ in range(5):
        assert tracker.request(CLICK)[0] == 302
    assert tracker.request(OPEN)[0] == 200
    assert list(spool.folder(home).iterdir())
    own_redis.start()
    wait_until(lambda: not list(spool.folder(home).iterdir()))
    assert tracker.request(CLICK)[0] == 302
    record_until(own_recorder, {"click": 7, "open": 1})


def test_a_redis_that_hangs_delays_a_reader_only_for_a_moment(
    tracker: TrackerProcess, own_redis: OwnRedis, own_recorder: Recorder
) -> None:
    wait_until(lambda: is_recording(tracker, "stream"))
    own_redis.freeze()
    assert [tracker.request(CLICK)[0] for _ in range(3)] == [302] * 3
    own_redis.thaw()
    wait_until(lambda: is_recording(tracker, "stream"))
    record_until(own_recorder, {"click": 3})


def test_what_a_killed_tracker_had_answered_is_recorded(
    tracker: TrackerProcess, own_redis: OwnRedis, own_recorder: Recorder
) -> None:
    answered = _traffic_until(tracker, tracker.kill)
    own_redis.stop()
    tracker.start()
    answered += _traffic_until(tracker, tracker.kill)
    own_redis.start()
    tracker.start()

    def all_there() -> bool:
        own_recorder.run_once(wait_ms=20)
        return recorded()["click"] >= answered

    wait_until(all_there)
    # Hits whose answer did not get through may be there as well, one for each client that was cut off.
    assert answered <= recorded()["click"] <= answered + 8


def _traffic_until(tracker: TrackerProcess, kill: Callable[[], None]) -> int:
    """Requests answered by the time of the kill, from four clients."""
    answered = 0
    lock, enough = threading.Lock(), threading.Event()

    def client() -> None:
        nonlocal answered
        while True:
            try:
                assert tracker.request(CLICK)[0] == 302
            except OSError:
                return
            with lock:
                answered += 1
                if answered > 100:
                    enough.set()

    threads = [threading.Thread(target=client) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert enough.wait(20)
    kill()
    for thread in threads:
        thread.join()
    return answered


def test_terminating_answers_and_keeps_everything(
    tracker: TrackerProcess, own_recorder: Recorder, home: Path
) -> None:
    for _ in range(20):
        assert tracker.request(OPEN)[0] == 200
    assert tracker.stop() == 0
    record_until(own_recorder, {"open": 20})
    assert "Traceback" not in tracker.log()


def test_no_worker_outlives_a_killed_main_process(tracker: TrackerProcess, own_recorder: Recorder) -> None:
    tracker.stop(signal.SIGKILL)

    def refused() -> bool:
        try:
            tracker.request("/healthz")
        except OSError:
            return True
        return False

    wait_until(refused)


def test_a_client_that_hangs_up_takes_nobody_with_it(tracker: TrackerProcess, own_recorder: Recorder) -> None:
    request = f"GET {CLICK} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    for _ in range(20):
        with closing(socket.create_connection(("127.0.0.1", tracker.port))) as impatient:
            impatient.sendall(request)
            impatient.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        assert tracker.request(OPEN)[0] == 200
    wait_until(lambda: own_recorder.run_once(wait_ms=20) and recorded()["open"] == 20)


def test_readers_are_served_when_neither_redis_nor_the_disk_takes_a_hit(
    tracker: TrackerProcess, own_redis: OwnRedis, home: Path
) -> None:
    own_redis.stop()
    # A file where the folder should be: also root cannot write there.
    spool.folder(home).write_text("")
    assert tracker.request(CLICK)[0] == 302
    assert tracker.request(OPEN)[2] == hits.PIXEL
    assert json.loads(tracker.request("/healthz")[2])["lost"] == 2
    assert "could not be recorded" in tracker.log()
    spool.folder(home).unlink()
    own_redis.start()


def test_a_wrong_environment_is_one_line(home: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tracking.server"],
        env={"MOMENTUM_HOME": str(home), "PORT": "many"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (2, "PORT: expected a whole number from 1 to 65534\n")


def test_two_trackers_do_not_share_a_port(tracker: TrackerProcess, home: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tracking.server"],
        env={"MOMENTUM_HOME": str(home), "PORT": str(tracker.port - 1)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr == f"PORT: something else listens on 127.0.0.1:{tracker.port} already\n"


raw_paths = st.binary(max_size=200).map(
    lambda data: bytes(byte for byte in data if byte not in b"\r\n \x00") or b"x"
) | st.text("abcXYZ019%/~.-_?&#=", max_size=100).map(str.encode)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from([b"GET", b"HEAD", b"POST", b"PUT"]),
    prefix=st.sampled_from([b"/q/", b"/f/", b"/u/", b"/", b""]),
    path=raw_paths | raw_paths.map(lambda path: path + CLICK[3:-1].encode()),
    agent=st.binary(max_size=60).map(lambda data: bytes(byte for byte in data if byte not in b"\r\n\x00")),
)
def test_no_bytes_make_it_fail(
    tracker: TrackerProcess, method: bytes, prefix: bytes, path: bytes, agent: bytes
) -> None:
    with closing(socket.create_connection(("127.0.0.1", tracker.port), timeout=10)) as peer:
        peer.sendall(
            method + b" " + prefix + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
            b"X-Forwarded-For: " + agent + b"\r\nUser-Agent: " + agent + b"\r\nConnection: close\r\n\r\n"
        )
        answer = b""
        while chunk := peer.recv(65_536):
            answer += chunk
    status = int(answer.split()[1])
    assert status < 500
    assert status != 302
    assert b"\r\nlocation:" not in answer.lower()
