"""One asyncio connection to Redis that sends packed commands and reads replies, and nothing else.

redis-py's own asyncio client spends more time on a command than the tracker on a whole hit (docs/tracking.md).
"""

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass, field
from typing import Any, cast

import hiredis
from redis.connection import SSLConnection, UnixDomainSocketConnection, parse_url


class RedisLinkError(Exception):
    """The connection is gone, or was refused."""


class RedisLink(asyncio.Protocol):
    """Replies come in the order of the commands; a reply that does not come in time closes the connection."""

    def __init__(self) -> None:
        self._reader = hiredis.Reader()
        self._waiting: deque[_Call] = deque()
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def connect(cls, url: str, timeout: float) -> "RedisLink":
        """Connected, authenticated and answering; raises RedisLinkError otherwise, after `timeout` seconds at most.

        `url` is one that redis-py understands: redis://, rediss:// or unix://.
        """
        try:
            async with asyncio.timeout(timeout):
                return await cls._connected(dict(parse_url(url)), timeout)
        except (OSError, TimeoutError) as problem:
            raise RedisLinkError(f"Redis does not answer: {problem or 'timeout'}") from problem

    @classmethod
    async def _connected(cls, options: dict[str, Any], timeout: float) -> "RedisLink":
        loop = asyncio.get_running_loop()
        kind = options.get("connection_class")
        if kind is UnixDomainSocketConnection:
            _, link = await loop.create_unix_connection(cls, options["path"])
        else:
            host, port = options.get("host", "localhost"), options.get("port", 6379)
            tls = _tls(options) if kind is SSLConnection else None
            _, link = await loop.create_connection(cls, host, port, ssl=tls)
        greeting: list[tuple[Any, ...]] = [("PING",)]
        if options.get("db"):
            greeting.insert(0, ("SELECT", options["db"]))
        if options.get("password"):
            greeting.insert(0, ("AUTH", options.get("username") or "default", options["password"]))
        try:
            for reply in await link.send(greeting, timeout):
                if isinstance(reply, Exception):
                    raise RedisLinkError(f"Redis refuses: {reply}")
        except BaseException:
            link.close()
            raise
        return link

    async def send(self, commands: list[tuple[Any, ...]], timeout: float) -> list[Any]:
        """Send the commands in one write and wait for all replies; an error reply is an exception in the list.

        Raises RedisLinkError when a reply does not come within `timeout` seconds or the connection breaks.
        """
        if not self.is_open or self._transport is None:
            raise RedisLinkError("the connection to Redis is closed")
        loop = asyncio.get_running_loop()
        call = _Call(len(commands), loop.create_future())
        self._waiting.append(call)
        self._transport.write(b"".join(map(hiredis.pack_command, commands)))
        timer = loop.call_later(timeout, self._break, "Redis does not answer in time")
        try:
            return await call.answered
        finally:
            timer.cancel()

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        """Close at once; whoever still waits for a reply gets a RedisLinkError."""
        self._break("the connection to Redis was closed")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not False:
                call = self._waiting[0]
                call.replies.append(reply)
                if len(call.replies) == call.commands:
                    self._waiting.popleft()
                    if not call.answered.done():
                        call.answered.set_result(call.replies)
        except (hiredis.ProtocolError, IndexError):
            self._break("Redis sent something that is no reply to a command")

    def connection_lost(self, exc: Exception | None) -> None:
        self._break("the connection to Redis broke")

    def _break(self, why: str) -> None:
        if self._transport is not None:
            self._transport.abort()
        while self._waiting:
            call = self._waiting.popleft()
            if not call.answered.done():
                call.answered.set_exception(RedisLinkError(why))


@dataclass(slots=True)
class _Call:
    """Some commands that were sent together, and the replies so far."""

    commands: int
    answered: asyncio.Future[list[Any]]
    replies: list[Any] = field(default_factory=list)


def _tls(options: dict[str, Any]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=options.get("ssl_ca_certs"))
    if options.get("ssl_cert_reqs") == "none":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
