"""`manage.py record`: hits into the event log, the event log into rollups."""

import logging
import signal
import threading
from typing import Any

import psycopg
from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection

from reports import rollups
from tracking import recorder

logger = logging.getLogger(__name__)

_PAUSE_S = 0.25
_PAUSE_AFTER_TROUBLE_S = 1.0


class Command(BaseCommand):
    """Any number of these may run; each takes its share of the hits, and one at a time advances the rollups."""

    help = "Record hits and keep the rollups up to date, until SIGTERM"
    requires_system_checks = ()

    def handle(self, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        follower = threading.Thread(target=_follow, args=(stop,), name="rollups")
        follower.start()
        try:
            recorder.run(stop)
        finally:
            stop.set()
            follower.join()


def _follow(stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            if rollups.advance():
                continue
        except (DatabaseError, psycopg.Error) as problem:
            logger.warning("the rollups wait: %s", " ".join(str(problem).split())[:300])
            connection.close()
            stop.wait(_PAUSE_AFTER_TROUBLE_S)
        stop.wait(_PAUSE_S)
    connection.close()
