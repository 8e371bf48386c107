"""Recorders as processes of their own: killed, several at once, with PostgreSQL away."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from tests.unit.tracking.builders import SENT_AT
from tracking import stream

from .conftest import KEY, ROOT, OwnRedis, wait_until
from .test_recorder import make_hit

pytestmark = pytest.mark.django_db(transaction=True)

PROGRAM = """
import sys, threading
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
import django
django.setup()
from redis import Redis
from tracking import keys, recorder
client = Redis.from_url(settings.REDIS_LOCATION)
ring = keys.load(settings.MOMENTUM_HOME, settings.TRACKING_KEYS)
recorder.Recorder(client, ring, settings.MOMENTUM_HOME, wait_for_dead_ms=500).run(threading.Event())
"""


class Recorders:
    def __init__(self, redis_url: str) -> None:
        self._environment = os.environ | {
            "REDIS_URL": redis_url,
            "TRACKING_KEYS": KEY,
            "DJANGO_SETTINGS_MODULE": "momentum.settings",
        }
        self._processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> "subprocess.Popen[bytes]":
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, connection.settings_dict["NAME"]],
            cwd=ROOT,
            env=self._environment,
        )
        self._processes.append(process)
        return process

    def stop(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait(timeout=20)


@pytest.fixture
def recorders(own_redis: OwnRedis) -> Iterator[Recorders]:
    started = Recorders(own_redis.url)
    yield started
    started.stop()


def put(redis: OwnRedis, first: int, number: int) -> None:
    """That many entries of three clicks each, of messages numbered from `first`."""
    pipe = redis.client.pipeline(transaction=False)
    for message in range(first, first + number):
        hits = [make_hit({"message": message}, at=SENT_AT + 3600 + message + second) for second in (0, 10, 20)]
        pipe.xadd(stream.STREAM, {stream.FIELD: stream.entries([stream.hit_frame(hit) for hit in hits])[0]})
    pipe.execute()


def clicks() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tracking_event WHERE type = 'click'")
        return int(cursor.fetchone()[0])


def test_two_recorders_of_which_one_is_killed_record_everything_once(
    own_redis: OwnRedis, recorders: Recorders
) -> None:
    doomed = recorders.start()
    put(own_redis, 1, 400)
    wait_until(lambda: clicks() > 0)
    recorders.start()
    doomed.kill()
    put(own_redis, 401, 400)
    wait_until(lambda: clicks() == 2400)
    wait_until(lambda: own_redis.client.xlen(stream.STREAM) == 0)
    assert own_redis.client.xpending(stream.STREAM, stream.GROUP)["pending"] == 0
    assert clicks() == 2400


def test_a_recorder_waits_for_redis_and_for_postgresql(
    own_redis: OwnRedis, recorders: Recorders, home: Path
) -> None:
    recorder = recorders.start()
    put(own_redis, 1, 10)
    wait_until(lambda: clicks() == 30)
    own_redis.stop()
    own_redis.start()
    put(own_redis, 11, 10)
    wait_until(lambda: clicks() == 60)
    with _postgresql_away():
        put(own_redis, 21, 10)
        wait_until(lambda: own_redis.client.xpending(stream.STREAM, stream.GROUP)["pending"])
    wait_until(lambda: clicks() == 90)
    assert recorder.poll() is None


class _postgresql_away:  # noqa: N801 (used like a function)
    """The database of the tests refuses every connection and has cut those that it had."""

    def __enter__(self) -> None:
        settings = connection.settings_dict
        connection.close()
        self._name = settings["NAME"]
        self._admin = psycopg.connect(
            host=settings["HOST"], user=settings["USER"], dbname="postgres", autocommit=True
        )
        self._admin.execute(f'ALTER DATABASE "{self._name}" ALLOW_CONNECTIONS false')
        self._admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [self._name]
        )

    def __exit__(self, *_: object) -> None:
        self._admin.execute(f'ALTER DATABASE "{self._name}" ALLOW_CONNECTIONS true')
        self._admin.close()
