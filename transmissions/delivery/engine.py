"""The event loop that delivers: a thread of its own, started when it is first needed."""

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from dataclasses import astuple

import uvloop

from transmissions.delivery.connection import Timeouts
from transmissions.delivery.inbox import PAUSE
from transmissions.delivery.pool import Pool
from transmissions.delivery.server import Server

LONGEST_TICK = 0.25


class Engine:
    """A running loop with the pool inside. `call` is the only way in from other threads."""

    def __init__(self, server: Server, timeouts: Timeouts) -> None:
        context = None if server.encryption == "off" else server.tls_context()
        self.loop = uvloop.new_event_loop()
        self.pool = Pool(server, timeouts, context)
        self._process = os.getpid()
        self._tick = min(LONGEST_TICK, *(seconds / 4 for seconds in astuple(timeouts)))
        self._thread = threading.Thread(target=self._run, name="smtp-delivery", daemon=True)
        self._thread.start()

    def is_running(self) -> bool:
        """False after a fork too: threads stay behind in the parent."""
        return self._thread.is_alive() and self._process == os.getpid()

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        """Run the function in the loop soon; nothing happens when the engine is closed."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(function, *arguments)

    def close(self, seconds: float = 10) -> None:
        """End all connections and the thread, within `seconds`."""
        if not self.is_running():
            return
        with suppress(FutureTimeoutError, RuntimeError):
            asyncio.run_coroutine_threadsafe(self.pool.close(), self.loop).result(seconds)
        # The inboxes have to hand over what they hold before the loop stands still.
        self.call(self.loop.call_later, 10 * PAUSE, self.loop.stop)
        self._thread.join(seconds)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.call_soon(self._tick_again)
        try:
            self.loop.run_forever()
        finally:
            self.loop.close()

    def _tick_again(self) -> None:
        self.loop.call_later(self._tick, self._tick_again)
        self.pool.tick()
