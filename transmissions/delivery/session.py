"""Mail over one open connection, pipelined (RFC 2920) or in lock-step."""

from collections.abc import Awaitable
from typing import Protocol

from transmissions.delivery.connection import Connection
from transmissions.delivery.fitness import unfit
from transmissions.delivery.greeting import Capabilities
from transmissions.delivery.replies import Reply, classify
from transmissions.delivery.ticket import SessionError, Ticket
from transmissions.delivery.wire import body, envelope

MAIL, RCPT, DATA = STEPS = ("the reply to MAIL", "the reply to RCPT", "the reply to DATA")
RSET = b"RSET\r\n"
_WRITTEN_ALREADY = (b"", b"", b"")


class Queue(Protocol):
    """Where a session gets its messages from, and where it puts back what it could not try."""

    def spare(self) -> Ticket | None:
        """A message that no other session waits for, or None."""

    def next(self, connection: Connection) -> Awaitable[Ticket | None]:
        """The next message; None when the session should end."""

    def put_back(self, ticket: Ticket, cause: SessionError) -> None:
        """The message's data was not sent: another connection may try."""


class Session:
    """Sends messages until the queue has no more, the limit per connection is reached, or the connection ends.

    `decided` counts the messages that the server decided about; a farewell (421) is no decision.
    """

    def __init__(self, connection: Connection, capabilities: Capabilities, queue: Queue, limit: int) -> None:
        self._connection = connection
        self._capabilities = capabilities
        self._queue = queue
        self._left = limit
        self._timeouts = connection.timeouts
        self._is_pipelining = "PIPELINING" in capabilities.extensions
        self._needs_reset = False
        self._is_closing = False
        self.decided = 0
        # The message in hand, and whether its envelope went out with the body of the one before.
        self._current: Ticket | None = None
        self._is_announced = False

    async def run(self) -> None:
        """Raises SessionError, after every message in hand has been settled or put back."""
        cause = SessionError("421 4.3.2 [internal] the relay closes the connection", code=421)
        try:
            while not self._is_closing:
                await self._send_one()
        except SessionError as trouble:
            cause = trouble
            raise
        finally:
            if self._current is not None:
                self._queue.put_back(self._current, cause)

    async def _send_one(self) -> None:
        if self._current is None:
            self._current = await self._queue.next(self._connection) if self._left > 0 else None
        if self._current is None:
            self._is_closing = True
            return
        ticket = self._current
        refusal = unfit(ticket.message, self._capabilities)
        if refusal is None:
            refusal = await self._announce(ticket)
            if refusal is None:
                await self._send_body(ticket)
                return
            self.decided += refusal.code != 421
        self._current = None
        ticket.answer(refusal, self._connection.peer)

    async def _announce(self, ticket: Ticket) -> Reply | None:
        """MAIL, RCPT and DATA: None when the server waits for the body, else the first refusal."""
        commands = await self._begin(ticket)
        refusal = None
        for step, command in zip(STEPS, commands, strict=True):
            if command:
                self._write(command)
            reply = await self._connection.reply(step, self._timeouts.command)
            refusal = refusal or self._refusal(step, reply)
            if self._is_closing or (refusal and not self._is_pipelining):
                return refusal
        if refusal and reply.code == 354:
            await self._send_nothing()
        return refusal

    async def _begin(self, ticket: Ticket) -> tuple[bytes, bytes, bytes]:
        """End a transaction still open; with PIPELINING write the envelope. Returns the commands yet to write."""
        if self._is_announced:
            self._is_announced = False
            return _WRITTEN_ALREADY
        commands = envelope(ticket.message, self._capabilities.extensions)
        reset, self._needs_reset = (RSET if self._needs_reset else b""), False
        if self._is_pipelining:
            self._write(reset + b"".join(commands))
            commands = _WRITTEN_ALREADY
        elif reset:
            self._write(reset)
        if reset:
            await self._connection.reply("the reply to RSET", self._timeouts.command)
        return commands

    def _refusal(self, step: str, reply: Reply) -> Reply | None:
        """The reply if it refuses the message; raises SessionError if it refuses the session or makes no sense
        here.
        """
        if reply.code == 354 if step is DATA else 200 <= reply.code < 300:
            self._needs_reset = step is not DATA
            return None
        if not 400 <= reply.code < 600:
            raise SessionError(f"454 4.5.0 [internal] unexpected answer instead of {step}: {reply.text}"[:2000])
        if reply.code == 421:
            self._is_closing = True
            if step is MAIL:
                raise SessionError(reply.text, classify(421, reply.text), 421)
        return reply

    async def _send_nothing(self) -> None:
        """RFC 2920 §3.1: DATA was accepted though the recipient was not; an empty message ends it."""
        self._write(b".\r\n")
        await self._connection.reply("the reply to an empty message", self._timeouts.command)
        self._needs_reset = True

    async def _send_body(self, ticket: Ticket) -> None:
        """One write carries the body and, with PIPELINING, the next envelope."""
        self._left -= 1
        following = self._queue.spare() if self._is_pipelining and self._left > 0 else None
        data = body(ticket.message.data)
        if following is not None and unfit(following.message, self._capabilities) is None:
            self._is_announced = True
            data += b"".join(envelope(following.message, self._capabilities.extensions))
        self._current = following
        try:
            self._write(data)
            reply = await self._connection.reply("the reply to the message", self._timeouts.end_of_data)
            if not (200 <= reply.code < 300 or 400 <= reply.code < 600):
                raise SessionError(f"454 4.5.0 [internal] unexpected answer to the message: {reply.text}"[:2000])
        except BaseException as problem:
            ticket.defer(_unknown(problem), self._connection.peer)
            raise
        self._is_closing = reply.code == 421
        self.decided += reply.code != 421
        ticket.answer(reply, self._connection.peer)

    def _write(self, data: bytes) -> None:
        self._connection.expect_silence()
        self._connection.write(data)


def _unknown(problem: BaseException) -> SessionError:
    """Nobody knows whether the relay took the message (RFC 5321 §4.5.5); it is tried again."""
    if isinstance(problem, SessionError):
        return SessionError(f"{problem.reply.text} (it may have been taken)", problem.bounce_class)
    return SessionError("454 4.3.0 [internal] delivery was interrupted (the message may have been taken)")
