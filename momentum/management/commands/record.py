"""`manage.py record`: hits into the event log, the event log into rollups."""

import logging
import signal
import threading
from collections.abc import Callable
from typing import Any

import psycopg
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection

from reports import days, rollups
from tracking import recorder, second_look

logger = logging.getLogger(__name__)

_PAUSE_S = 0.25
_PAUSE_BETWEEN_DAYS_S = 20.0
_PAUSE_AFTER_TROUBLE_S = 1.0


class Command(BaseCommand):
    """Any number of these may run; each takes its share of the hits, and one at a time advances the rollups."""

    help = "Record hits and keep the rollups up to date, until SIGTERM"
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        followers = [
            threading.Thread(target=_repeat, args=(stop, rollups.advance, _PAUSE_S), name="rollups"),
            threading.Thread(target=_repeat, args=(stop, second_look.step, _PAUSE_S), name="second look"),
            # A large day takes a while, in which figures have to go on.
            threading.Thread(target=_repeat, args=(stop, days.condense, _PAUSE_BETWEEN_DAYS_S), name="days"),
        ]
        for follower in followers:
            follower.start()
        try:
            recorder.run(stop)
        finally:
            stop.set()
            for follower in followers:
                follower.join()


def _repeat(stop: threading.Event, step: Callable[[], bool], pause_s: float) -> None:
    """Take a step again and again, without a pause as long as it says that there is more to do."""
    while not stop.is_set():
        try:
            if step():
                continue
        except (DatabaseError, psycopg.Error) as problem:
            logger.warning("a follower of the event log waits: %s", " ".join(str(problem).split())[:300])
            connection.close()
            stop.wait(_PAUSE_AFTER_TROUBLE_S)
        stop.wait(pause_s)
    connection.close()
