"""The relay as the pipeline sees it: messages in, outcomes out, no event loop in sight."""

import threading
from collections.abc import Iterable, Iterator
from time import monotonic
from types import TracebackType
from typing import Self

from transmissions.delivery.connection import Timeouts
from transmissions.delivery.engine import Engine
from transmissions.delivery.inbox import Arrival, Inbox
from transmissions.delivery.server import Server, from_url
from transmissions.delivery.ticket import Ticket
from transmissions.delivery.values import Outcome, Outgoing

MOST_IN_BATCH = 100
LONGEST_BATCH = 0.5
HEARTBEAT = 5.0
LOOK_AHEAD = 100
LOOK_AHEAD_BYTES = 32 * 1024 * 1024
_PULLED_AT_ONCE = 10


class Relay:
    """A pool of connections to one server, shared by all calls of `deliver` in this process, from any thread.

    Connections stay open between calls for some seconds. After a fork the child gets connections of its own.
    """

    def __init__(self, server: Server, timeouts: Timeouts | None = None) -> None:
        self.server = server
        self._timeouts = timeouts or Timeouts()
        self._lock = threading.Lock()
        self._engine: Engine | None = None

    @classmethod
    def from_url(cls, url: str, timeouts: Timeouts | None = None) -> Self:
        """Raises server.RelayUrlError, a ValueError whose message begins with `SMTP_URL:`."""
        return cls(from_url(url), timeouts)

    def deliver(self, messages: Iterable[Outgoing]) -> Iterator[list[Outcome]]:
        """Send the messages and yield their outcomes, each exactly once, in the order of their ends.

        `messages` is pulled in the caller's thread, at most 100 messages or 32 MiB ahead of the outcomes. A
        batch holds at most 100 outcomes, none older than about half a second; an empty batch every 5 seconds
        without any lets the caller keep a lease. If `messages` raises, the outcomes of those already pulled
        come first. If the generator is closed early, messages not begun are dropped; those begun go on, and
        nobody is told.
        """
        engine = self._started()
        inbox = Inbox(engine.loop)
        try:
            yield from _Delivery(engine, inbox, messages).batches()
        finally:
            engine.call(engine.pool.drop, inbox.settle)

    def close(self) -> None:
        """End all connections; messages still waiting are deferred. The relay can be used again."""
        with self._lock:
            engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _started(self) -> Engine:
        with self._lock:
            if self._engine is None or not self._engine.is_running():
                self._engine = Engine(self.server, self._timeouts)
            return self._engine


class _Delivery:
    """One call of `deliver`."""

    def __init__(self, engine: Engine, inbox: Inbox, messages: Iterable[Outgoing]) -> None:
        self._engine = engine
        self._inbox = inbox
        self._source = iter(messages)
        self._is_exhausted = False
        self._problem: Exception | None = None
        self._in_flight = 0
        self._bytes_in_flight = 0

    def batches(self) -> Iterator[list[Outcome]]:
        batch: list[Outcome] = []
        started = monotonic()
        while not self._is_exhausted or self._in_flight:
            self._pull()
            limit = LONGEST_BATCH if batch else HEARTBEAT
            seconds = max(started + limit - monotonic(), 0)
            arrival = self._inbox.take(min(seconds, LONGEST_BATCH) if self._is_full() else 0)
            started = monotonic() if arrival.outcomes and not batch else started
            batch += self._arrived(arrival)
            while len(batch) >= MOST_IN_BATCH:
                yield batch[:MOST_IN_BATCH]
                batch, started = batch[MOST_IN_BATCH:], monotonic()
            if monotonic() - started >= (LONGEST_BATCH if batch else HEARTBEAT):
                yield batch
                batch, started = [], monotonic()
        if batch:
            yield batch
        if self._problem is not None:
            raise self._problem

    def _is_full(self) -> bool:
        return self._is_exhausted or self._in_flight >= LOOK_AHEAD or self._bytes_in_flight >= LOOK_AHEAD_BYTES

    def _pull(self) -> None:
        tickets: list[Ticket] = []
        while not self._is_full() and len(tickets) < _PULLED_AT_ONCE:
            try:
                message = next(self._source)
            except StopIteration:
                self._is_exhausted = True
            except Exception as problem:  # noqa: BLE001 - raised again once the outcomes are out
                self._is_exhausted, self._problem = True, problem
            else:
                tickets.append(Ticket(message, self._inbox.settle))
                self._in_flight += 1
                self._bytes_in_flight += len(message.data)
        if tickets:
            self._engine.call(self._engine.pool.feed, tickets)

    def _arrived(self, arrival: Arrival) -> list[Outcome]:
        if not arrival.outcomes and not self._engine.is_running():
            # What came in since the last look is still there.
            arrival = self._inbox.take(0)
        if not arrival.outcomes and not self._engine.is_running():
            raise RuntimeError("the delivery thread is gone: the relay was closed, or the process forked meanwhile")
        self._in_flight -= len(arrival.outcomes)
        self._bytes_in_flight -= arrival.size
        return arrival.outcomes
