"""The connections to one relay: how many, when a new one, and what happens to the queue when there are none."""

import asyncio
import logging
import ssl
from collections import deque
from contextlib import suppress

from transmissions.delivery.connection import Connection, Timeouts
from transmissions.delivery.greeting import Capabilities, Dialogue
from transmissions.delivery.server import Server
from transmissions.delivery.session import Session
from transmissions.delivery.ticket import SessionError, Settle, Ticket

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
# A message goes to another connection when one breaks before its data; that the message breaks them is possible
# too.
MOST_TRIES = 3
_CLOSING = SessionError("454 4.3.2 [internal] delivery is shutting down")


class Pool:
    """Lives in one event loop; every method is called there.

    After a failed connect with no other connection open, the circuit is open: waiting messages are deferred at
    once with the cause, and so are new ones until the pause is over (1 s, doubling to 60 s). Then one
    connection tries. A connection that ends before the relay decided about a single message counts as a failed
    connect.
    """

    def __init__(self, server: Server, timeouts: Timeouts, context: ssl.SSLContext | None) -> None:
        self._server = server
        self._timeouts = timeouts
        self._context = context
        self._pending: deque[Ticket] = deque()
        self._idle: deque[tuple[asyncio.Future[Ticket | None], Connection]] = deque()
        self._connections: set[Connection] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._opening = 0
        self._working = 0
        self._pause = FIRST_PAUSE
        self._retry_at = 0.0
        self._cause: SessionError | None = None
        self._is_closing = False

    def feed(self, tickets: list[Ticket]) -> None:
        """Take messages; each one's `settle` is called in time."""
        if self._is_closing:
            for ticket in tickets:
                ticket.defer(_CLOSING)
            return
        self._pending.extend(tickets)
        self._hand_out()
        self._open_more()

    def drop(self, settle: Settle) -> None:
        """Forget the messages that no connection has begun and whose outcome would go to `settle`."""
        self._pending = deque(ticket for ticket in self._pending if ticket.settle != settle)

    def tick(self) -> None:
        """Called every moment."""
        now = asyncio.get_running_loop().time()
        for connection in tuple(self._connections):
            connection.check_deadline(now)
        self._connections = {connection for connection in self._connections if connection.trouble is None}
        self._open_more()

    async def close(self) -> None:
        """End idle connections politely, and the others after what they have in hand."""
        self._is_closing = True
        self._defer_all(_CLOSING)
        for future, _ in self._idle:
            _resolve(future, None)
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=5)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        self._defer_all(_CLOSING)

    # What a session asks for.

    def spare(self) -> Ticket | None:
        return self._pending.popleft() if len(self._pending) > self._opening else None

    async def next(self, connection: Connection) -> Ticket | None:
        if self._pending:
            return self._pending.popleft()
        if self._is_closing:
            return None
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Ticket | None] = loop.create_future()
        place = (future, connection)
        self._idle.append(place)
        timer = loop.call_later(self._timeouts.idle, _resolve, future, None)
        connection.on_farewell = lambda: _resolve(future, None)
        try:
            return await future
        finally:
            connection.on_farewell = None
            timer.cancel()
            if place in self._idle:
                self._idle.remove(place)

    def put_back(self, ticket: Ticket, cause: SessionError) -> None:
        ticket.tries += 1
        if ticket.tries >= MOST_TRIES:
            ticket.defer(cause)
        else:
            self._pending.appendleft(ticket)
            self._hand_out()

    # Opening and losing connections.

    def _hand_out(self) -> None:
        while self._pending and self._idle:
            future, _ = self._idle.pop()
            if not future.done():
                future.set_result(self._pending.popleft())

    def _open_more(self) -> None:
        now = asyncio.get_running_loop().time()
        room = self._server.connections - self._working - self._opening
        if self._cause is not None and now < self._retry_at:
            if self._is_cut_off():
                self._defer_all(self._cause)
            return
        if self._cause is not None:
            room = min(room, 1 - self._opening)
        for _ in range(min(room, len(self._pending) - self._opening)):
            self._opening += 1
            task = asyncio.get_running_loop().create_task(self._serve())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _serve(self) -> None:
        """One connection from its opening to its end."""
        opened = await self._open()
        self._opening -= 1
        if isinstance(opened, SessionError):
            self._failed(opened)
            return
        connection, capabilities = opened
        self._cause = None
        session = Session(connection, capabilities, self, self._server.messages_per_connection)
        self._working += 1
        # Soon, not now: this session takes its message first.
        asyncio.get_running_loop().call_soon(self._open_more)
        ended_by = await self._run(session)
        if ended_by is None:
            await _say_goodbye(connection)
        self._connections.discard(connection)
        connection.transport.abort()
        # Only now: a relay that allows few connections counts this one until it is closed.
        self._working -= 1
        if session.decided:
            self._relay_works()
        elif ended_by is not None:
            self._failed(ended_by)
        self._open_more()

    async def _open(self) -> tuple[Connection, Capabilities] | SessionError:
        try:
            return await Dialogue(self._server, self._timeouts, self._context, self._connections.add).open()
        except SessionError as trouble:
            return trouble
        except Exception:
            log.exception("a delivery connection failed")
            return SessionError("454 4.3.0 [internal] delivery failed")

    async def _run(self, session: Session) -> SessionError | None:
        try:
            await session.run()
        except SessionError as trouble:
            return trouble
        except Exception:
            # A fault of ours must not leave messages without an outcome.
            log.exception("a delivery session failed")
            return SessionError("454 4.3.0 [internal] delivery failed")
        return None

    def _relay_works(self) -> None:
        self._pause = FIRST_PAUSE
        if self._is_cut_off():
            # What kept from opening more connections is no reason to have none.
            self._cause = None

    def _failed(self, cause: SessionError) -> None:
        self._retry_at = asyncio.get_running_loop().time() + self._pause
        if self._cause is None and self._is_cut_off():
            log.warning("relay %s:%d: %s", self._server.host, self._server.port, cause)
        self._cause = cause
        self._pause = min(self._pause * 2, LONGEST_PAUSE)
        if self._is_cut_off():
            self._defer_all(cause)

    def _is_cut_off(self) -> bool:
        """No connection works or is being opened. A relay that allows few may refuse the others first."""
        return self._working == 0 and self._opening == 0

    def _defer_all(self, cause: SessionError) -> None:
        pending, self._pending = self._pending, deque()
        for ticket in pending:
            ticket.defer(cause)


def _resolve(future: "asyncio.Future[Ticket | None]", ticket: Ticket | None) -> None:
    if not future.done():
        future.set_result(ticket)


async def _say_goodbye(connection: Connection) -> None:
    connection.write(b"QUIT\r\n")
    with suppress(SessionError):
        await connection.reply("the reply to QUIT", 2)
