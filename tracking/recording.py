"""The web process's way of making a hit durable: one XADD, else the spool (the tracker has tracking.journal)."""

import logging
import threading
import time
from pathlib import Path
from typing import Any

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from tracking import spool
from tracking.journal import ANSWER_TIMEOUT_S, RECONNECT_S
from tracking.stream import FIELD, STREAM, entries

log = logging.getLogger(__name__)


class Recording:
    """Shared by the threads of one process."""

    def __init__(self, redis_url: str, home: Path) -> None:
        self._redis: Any = Redis.from_url(
            redis_url,
            socket_timeout=ANSWER_TIMEOUT_S,
            socket_connect_timeout=ANSWER_TIMEOUT_S,
            retry=Retry(NoBackoff(), 0),
        )
        self._spool = spool.SpoolWriter(spool.folder(home))
        self._spool_in_use = threading.Lock()
        self._away_until = float("-inf")

    def record(self, frame: bytes) -> None:
        """Return once the hit is durable, or nothing would take it; never raises, waits a bounded moment."""
        (value,) = entries([frame])
        if time.monotonic() >= self._away_until:
            try:
                self._redis.xadd(STREAM, {FIELD: value})
                return
            except RedisError as problem:
                self._away_until = time.monotonic() + RECONNECT_S
                log.warning("hits go to the spool: %s", problem)
        try:
            with self._spool_in_use:
                self._spool.append([value])
                # Closed at once: nobody here notices when Redis is back, the tracker and the recorder replay it.
                self._spool.close()
        except OSError as problem:
            log.warning("a hit could not be recorded: %s", problem)

    def close(self) -> None:
        """Let go of the connections to Redis."""
        self._redis.close()
