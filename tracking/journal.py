"""Makes hits durable before they are answered: in the Redis stream, else in the spool (docs/tracking.md).

Hits share writes by natural batching: what arrives while a write is under way goes with the next one.
"""

import asyncio
import contextlib
import logging
import time
from pathlib import Path
from typing import Any

from tracking import spool
from tracking.redis_link import RedisLink, RedisLinkError
from tracking.stream import FIELD, STREAM, entries

log = logging.getLogger(__name__)

# The bounded moment of docs/tracking.md: how long a reader may wait for Redis.
ANSWER_TIMEOUT_S = 0.5
RECONNECT_S = 0.5
# How often spool files that other processes left are looked for.
REPLAY_S = 5.0
_BATCH_LIMIT = 2000
_LOG_EVERY_S = 1.0


class Journal:
    """The hits of one process on their way to the recorder.

    `lost` counts hits that neither Redis nor the disk took; their readers were answered all the same.
    """

    def __init__(self, redis_url: str, home: Path) -> None:
        self._redis_url = redis_url
        self._directory = spool.folder(home)
        self._spool = spool.SpoolWriter(self._directory)
        self._spool_in_use = asyncio.Lock()
        self._link: RedisLink | None = None
        self._waiting: list[tuple[bytes, asyncio.Future[None]]] = []
        self._arrived = asyncio.Event()
        self._closing = self._closed = False
        self._tasks: list[asyncio.Task[None]] = []
        self._last_complaint = 0.0
        self.lost = 0
        self.spooled = 0

    def start(self) -> None:
        """Begin to write; once, in the running loop, before the first hit."""
        self._tasks = [asyncio.create_task(self._write_batches()), asyncio.create_task(self._keep_connected())]

    async def record(self, frame: bytes) -> None:
        """Return once the hit is durable, or nothing would take it; never raises.

        A caller that is cancelled (its client hung up) takes nobody with it: its hit is written all the same.
        """
        if self._closed:
            # A request that the server still had in hand when it ended its lifespan.
            await self._make_durable([frame])
            self._spool.close()
            return
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((frame, done))
        self._arrived.set()
        await done

    async def close(self) -> None:
        """Write what still waits, then let go of Redis and the spool."""
        self._closing = True
        self._arrived.set()
        writer, *others = self._tasks
        await writer
        self._closed = True
        for task in others:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        if self._link is not None:
            self._link.close()
        self._spool.close()

    @property
    def state(self) -> dict[str, Any]:
        """What an operator wants to know."""
        connected = self._link is not None and self._link.is_open
        return {"recording": "stream" if connected else "spool", "spooled": self.spooled, "lost": self.lost}

    async def _write_batches(self) -> None:
        while not (self._closing and not self._waiting):
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                batch, self._waiting = self._waiting[:_BATCH_LIMIT], self._waiting[_BATCH_LIMIT:]
                await self._make_durable([frame for frame, _ in batch])
                for _, done in batch:
                    if not done.done():
                        done.set_result(None)

    async def _make_durable(self, frames: list[bytes]) -> None:
        values = entries(frames)
        try:
            if not await self._add_to_stream(values):
                async with self._spool_in_use:
                    await asyncio.to_thread(self._spool.append, values)
                self.spooled += len(frames)
        except Exception as problem:  # noqa: BLE001 (the reader comes first, whatever recording meets)
            self.lost += len(frames)
            self._complain(f"{len(frames)} hits could not be recorded ({self.lost} so far): {problem}")

    async def _add_to_stream(self, values: list[bytes]) -> bool:
        if self._link is None or not self._link.is_open:
            return False
        try:
            await _add(self._link, values)
        except RedisLinkError as problem:
            self._complain(f"hits go to the spool: {problem}")
            self._link.close()
            return False
        return True

    async def _keep_connected(self) -> None:
        replayed_at = 0.0
        while True:
            try:
                if self._link is None or not self._link.is_open:
                    self._link = await RedisLink.connect(self._redis_url, ANSWER_TIMEOUT_S)
                    replayed_at = 0.0
                if time.monotonic() - replayed_at >= REPLAY_S:
                    await self._replay(self._link)
                    replayed_at = time.monotonic()
            except (RedisLinkError, OSError) as problem:
                self._complain(str(problem))
            except Exception:
                log.exception("the connection to Redis could not be kept")
            await asyncio.sleep(RECONNECT_S)

    async def _replay(self, link: RedisLink) -> None:
        """Bring what is spooled into the stream: ours, and what dead processes or the web process left."""
        async with self._spool_in_use:
            self._spool.close()
        for file in spool.abandoned(self._directory):
            with file:
                for batch in spool.batches(file, 50):
                    await _add(link, batch)
                spool.remove(file)

    def _complain(self, what: str) -> None:
        if time.monotonic() - self._last_complaint >= _LOG_EVERY_S:
            self._last_complaint = time.monotonic()
            log.warning("%s", what)


async def _add(link: RedisLink, values: list[bytes]) -> None:
    replies = await link.send([("XADD", STREAM, "*", FIELD, value) for value in values], ANSWER_TIMEOUT_S)
    for reply in replies:
        if isinstance(reply, Exception):
            raise RedisLinkError(f"Redis refuses: {reply}")
