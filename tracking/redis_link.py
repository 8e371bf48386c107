"""One asyncio connection to Redis that sends packed commands and reads replies, and nothing else.

redis-py's own asyncio client spends more time on a command than the tracker on a whole hit (docs/tracking.md).
"""

import asyncio
import ssl
from collections import deque
from typing import Any, cast

import hiredis
from redis.connection import SSLConnection, UnixDomainSocketConnection, parse_url


class RedisLinkError(Exception):
    """The connection is gone, or was refused."""


class RedisLink(asyncio.Protocol):
    """Replies come in the order of the commands; a reply that does not come in time closes the connection."""

    def __init__(self) -> None:
        self._reader = hiredis.Reader()
        self._waiting: deque[asyncio.Future[Any]] = deque()
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
        if self._transport is None or self._transport.is_closing():
            raise RedisLinkError("the connection to Redis is closed")
        loop = asyncio.get_running_loop()
        replies = [loop.create_future() for _ in commands]
        self._waiting.extend(replies)
        self._transport.write(b"".join(hiredis.pack_command(command) for command in commands))
        done, late = await asyncio.wait(replies, timeout=timeout)
        if late:
            self.close()
            raise RedisLinkError("Redis does not answer in time")
        if any(reply.cancelled() for reply in done):
            raise RedisLinkError("the connection to Redis broke")
        return [reply.result() for reply in replies]

    @property
    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        """Close at once; whoever still waits for a reply gets a RedisLinkError."""
        if self._transport is not None:
            self._transport.abort()
        self._give_up()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._reader.feed(data)
        try:
            while (reply := self._reader.gets()) is not False:
                if not self._waiting:
                    raise hiredis.ProtocolError("a reply that nobody asked for")
                if not (future := self._waiting.popleft()).done():
                    future.set_result(reply)
        except hiredis.ProtocolError:
            self.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._give_up()

    def _give_up(self) -> None:
        while self._waiting:
            self._waiting.popleft().cancel()


def _tls(options: dict[str, Any]) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=options.get("ssl_ca_certs"))
    if options.get("ssl_cert_reqs") == "none":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
