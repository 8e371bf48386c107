"""The tracker: answers tracked URLs, with nothing behind it but its keys, Redis and a spool folder.

`python -m tracking.server` runs it until SIGTERM; the environment is that of the web process.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import closing
from typing import Any, NoReturn

import msgspec
from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops
from granian.http import HTTP1Settings
from granian.log import LogLevels

from tracking import environment, hits
from tracking.hits import Answer, Request
from tracking.journal import Journal
from tracking.limits import ClickLimit
from tracking.stream import hit_frame

_HEADER_READ_TIMEOUT_MS = 10_000
# Bytes of request line and headers; the longest tracked URL has about 8,000.
_HEAD_LIMIT = 65_536
_CONNECTIONS = 4096
_PARENT_CHECK_S = 0.2
_DRAIN_S = 5
_PREDECESSOR_S = 5
_BODY_TIMEOUT_S = 10

_HEADERS = {name.encode(): name for name in hits.HEADERS}

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Tracker:
    """The ASGI application of one worker process."""

    def __init__(self, settings: environment.Environment) -> None:
        self._settings = settings
        self._clicks = ClickLimit(settings.click_limit)
        self._journal = Journal(settings.redis_url, settings.home)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        answer = await self._answer(scope, receive)
        headers = [*answer.headers, (b"content-length", b"%d" % len(answer.body))]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else answer.body})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._journal.start()
        watch = asyncio.create_task(_end_with_parent(os.getppid()))
        await send({"type": "lifespan.startup.complete"})
        await receive()
        watch.cancel()
        await self._journal.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        if scope["path"] == "/healthz":
            body = msgspec.json.encode({"status": "ok", **self._journal.state})
            return Answer(200, ((b"content-type", b"application/json"),), body)
        request = await self._request(scope, receive)
        answer, hit = hits.respond(request, self._settings.keyring, self._clicks)
        if hit is not None:
            await self._journal.record(hit_frame(hit))
        return answer

    async def _request(self, scope: Scope, receive: Receive) -> Request:
        headers = _headers(scope["headers"])
        method, path = scope["method"], scope["path"]
        takes_body = method == "POST" and path.startswith("/u/")
        client = scope["client"]
        return Request(
            method=method,
            path=path,
            address=self._settings.trusted_proxies.client(
                client[0] if client else "", headers.get("x-forwarded-for", "")
            ),
            user_agent=headers.get("user-agent", ""),
            accept_language=headers.get("accept-language", ""),
            prefetch=hits.says_prefetch(headers),
            content_type=headers.get("content-type", ""),
            body=await _body(receive) if takes_body else b"",
        )


def _headers(pairs: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """The headers that matter, by lower-case name; those that came twice are joined (RFC 9110 §5.3)."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in pairs:
        if name := _HEADERS.get(raw_name):
            value = raw_value.decode("utf-8", "replace")
            headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


async def _body(receive: Receive) -> bytes | None:
    """The body as far as it is needed: None when it is longer than BODY_LIMIT or does not come in time."""
    body: bytes = b""
    try:
        async with asyncio.timeout(_BODY_TIMEOUT_S):
            while len(body) <= hits.BODY_LIMIT:
                message = await receive()
                body += message.get("body", b"")
                if not message.get("more_body"):
                    return body if len(body) <= hits.BODY_LIMIT else None
    except TimeoutError:
        pass
    return None


async def _end_with_parent(parent: int) -> None:
    """Drain and end when granian's main process was killed: an orphan would keep the port."""
    while os.getppid() == parent:
        await asyncio.sleep(_PARENT_CHECK_S)
    os.kill(os.getpid(), signal.SIGTERM)


def make_tracker() -> Tracker:
    """The application, made anew in each worker process from its environment."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    return Tracker(environment.read())


def main() -> None:
    """Serve until SIGTERM or SIGINT; exits with status 2 and one line when the environment is wrong."""
    try:
        settings = environment.read()
    except environment.BadVariableError as problem:
        _give_up(str(problem))
    if not _is_free(settings.address, settings.port):
        _give_up(f"PORT: something else listens on {settings.address}:{settings.port} already")
    Granian(
        "tracking.server:make_tracker",
        factory=True,
        address=settings.address,
        port=settings.port,
        workers=settings.workers,
        interface=Interfaces.ASGI,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_READ_TIMEOUT_MS, max_buffer_size=_HEAD_LIMIT),
        websockets=False,
        backpressure=_CONNECTIONS,
        respawn_failed_workers=True,
        workers_kill_timeout=_DRAIN_S,
        log_level=LogLevels.warning,
    ).serve()


def _is_free(address: str, port: int) -> bool:
    """Whether the port is free, or becomes so within the time that a predecessor may take to drain.

    granian sets SO_REUSEPORT, with which two installations would share a port and halve each other's readers.
    """
    deadline = time.monotonic() + _PREDECESSOR_S
    while True:
        with closing(socket.socket()) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
                return True
            except OSError:
                if time.monotonic() > deadline:
                    return False
        time.sleep(0.1)


def _give_up(why: str) -> NoReturn:
    print(why, file=sys.stderr)  # noqa: T201 (the one line for the operator)
    sys.exit(2)


if __name__ == "__main__":
    main()
