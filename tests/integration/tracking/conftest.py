"""A real tracker process beside a Redis of the test's own, which may be stopped and started again."""

import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from socket import socket
from typing import Any

import pytest
from redis import Redis

from momentum import embedded
from tests.unit.tracking.builders import RING
from tracking.recorder import Recorder

ROOT = Path(__file__).resolve().parents[3]
KEY = "key-of-the-tests-0123456789-abcdefgh"


def wait_until(condition: Callable[[], Any], timeout: float = 20.0) -> Any:
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.02)
    raise AssertionError("it did not happen in time")


class OwnRedis:
    """A Redis in a home of its own."""

    def __init__(self, home: Path) -> None:
        self._service = embedded.redis(home)
        self._home = home
        self.url = f"unix://{self._service.socket}"
        self.client: Redis = Redis.from_url(self.url)
        self.start()

    def start(self) -> None:
        self._process = self._service.start(self._home / "redis.log")
        embedded.wait_for_redis(self._home)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        self._process.send_signal(how)
        self._process.wait(timeout=20)

    def freeze(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._process.send_signal(signal.SIGCONT)


class TrackerProcess:
    """`python -m tracking.server` on a port of its own; with `keys` "" it uses the key file in `home`."""

    def __init__(self, home: Path, redis_url: str, keys: str = KEY) -> None:
        with closing(socket()) as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._environment = os.environ | {
            "MOMENTUM_HOME": str(home),
            "REDIS_URL": redis_url,
            "TRACKING_KEYS": keys,
            "PORT": str(self.port - 1),
            "TRUSTED_PROXIES": "127.0.0.1",
        }
        self._log = home / "tracker.log"
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tracking.server"],
                cwd=ROOT,
                env=self._environment,
                stdout=output,
                stderr=output,
            )
        wait_until(self._answers)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=20)

    def kill(self) -> None:
        """SIGKILL to the worker and to granian's main process, as an out-of-memory killer would."""
        for pid in (*_children(self.process.pid), self.process.pid):
            os.kill(pid, signal.SIGKILL)
        self.process.wait(timeout=20)

    def log(self) -> str:
        return self._log.read_text()

    def request(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)) as connection:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body=body, headers=named)
            response = connection.getresponse()
            return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()

    def _answers(self) -> bool:
        with suppress(OSError):
            return self.request("/healthz")[0] == 200
        return False


def _children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(child) for child in listed.stdout.split()]


@pytest.fixture
def home() -> Iterator[Path]:
    # Short: it holds Unix sockets.
    with tempfile.TemporaryDirectory(prefix="mt-") as folder:
        yield Path(folder)


@pytest.fixture
def own_redis(home: Path) -> Iterator[OwnRedis]:
    redis = OwnRedis(home)
    yield redis
    redis.thaw()
    redis.stop()
    redis.client.close()


@pytest.fixture
def tracker(home: Path, own_redis: OwnRedis) -> Iterator[TrackerProcess]:
    process = TrackerProcess(home, own_redis.url)
    yield process
    if process.process.poll() is None:
        process.stop()


@pytest.fixture
def own_recorder(home: Path, own_redis: OwnRedis) -> Recorder:
    return Recorder(own_redis.client, RING, home, wait_for_dead_ms=1)
