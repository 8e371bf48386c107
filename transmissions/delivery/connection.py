"""One connection: bytes out, replies in, and a limit to every wait."""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from transmissions.delivery.replies import TIMEOUT, Reply
from transmissions.delivery.ticket import NOBODY, Peer, SessionError
from transmissions.delivery.wire import ReplyError, ReplyReader

NEVER = float("inf")


@dataclass(frozen=True)
class Timeouts:
    """Seconds.

    RFC 5321 §4.5.3.2 has 5 minutes for most steps, 10 for the end of data; a relay of one's own answers sooner,
    and a relay that hangs must not hold a worker for so long. The end of data is nearest to it: giving up there
    sends twice.
    """

    connect: float = 15
    greeting: float = 60
    command: float = 60
    block: float = 60
    end_of_data: float = 300
    idle: float = 20


class Connection(asyncio.Protocol):
    """Reads replies one after the other; everything that goes wrong is raised as SessionError by `reply`."""

    def __init__(self, timeouts: Timeouts) -> None:
        self.timeouts = timeouts
        self.trouble: SessionError | None = None
        self.peer = NOBODY
        # Called when an idle connection is closed, or says something unasked, which is a farewell (421).
        self.on_farewell: Callable[[], None] | None = None
        self._reader = ReplyReader()
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._step = "the greeting"
        self._seconds, self._deadline = 0.0, NEVER
        self._unsent, self._moved_at = 0, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.peer = Peer(
            remote_ip=str((transport.get_extra_info("peername") or [""])[0]),
            local_ip=str((transport.get_extra_info("sockname") or [""])[0]),
            tls=transport.get_extra_info("ssl_object") is not None,
        )

    def data_received(self, data: bytes) -> None:
        try:
            self._replies += self._reader.feed(data)
        except ReplyError as problem:
            self.fail(SessionError(f"454 4.5.0 [internal] the relay does not speak SMTP: {problem}"))
            return
        # Only a whole reply wakes: bytes that drip do not move the deadline.
        if self._replies:
            self._wake()

    def connection_lost(self, problem: Exception | None) -> None:
        self.fail(SessionError(f"454 4.4.2 [internal] connection lost while waiting for {self._step}"))

    def fail(self, trouble: SessionError) -> None:
        """Give the connection up; replies that came before are still read."""
        if self.trouble is None:
            self.trouble = trouble
            self.transport.abort()
            self._wake()

    def _wake(self) -> None:
        if self._waiter is None:
            if self.on_farewell is not None:
                self.on_farewell()
        elif not self._waiter.done():
            self._waiter.set_result(None)

    def write(self, data: bytes) -> None:
        self.transport.write(data)

    async def reply(self, step: str, seconds: float) -> Reply:
        """The next reply; `step` names it in reasons. Raises SessionError after `seconds`, counted from the
        last byte sent.
        """
        while not self._replies:
            if self.trouble is not None:
                raise self.trouble
            loop = asyncio.get_running_loop()
            self._step, self._seconds, self._deadline = step, seconds, loop.time() + seconds
            self._waiter = loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter, self._deadline = None, NEVER
        return self._replies.popleft()

    def expect_silence(self) -> None:
        """Raise SessionError when the server has said more than was asked: its next replies would go to the
        wrong message.
        """
        if self._replies or not self._reader.is_between_replies:
            said = self._replies[0].text if self._replies else ""
            raise SessionError(f"454 4.5.0 [internal] unexpected reply of the relay: {said}"[:2000])

    def check_deadline(self, now: float) -> None:
        """Called every moment: end the connection when a reply is overdue, or when what was written stopped
        moving.
        """
        unsent = self.transport.get_write_buffer_size()
        if unsent != self._unsent:
            self._unsent, self._moved_at = unsent, now
        if self._waiter is None or self._deadline == NEVER:
            return
        if unsent:
            self._deadline = now + self._seconds
        if now >= self._deadline or (unsent and now >= self._moved_at + self.timeouts.block):
            self.fail(SessionError(f"454 4.4.2 [internal] timed out waiting for {self._step}", TIMEOUT))

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Encrypt. What the server said in clear after its 220 is refused: it may be an attacker's
        (CVE-2011-0411).
        """
        self.expect_silence()
        loop = asyncio.get_running_loop()
        transport = await loop.start_tls(self.transport, self, context, server_hostname=host)
        if transport is None:
            raise ConnectionResetError
        self.transport = transport
        self.peer = self.peer._replace(tls=True)
