"""The tracker: answers tracked URLs, with nothing behind it but its keys, Redis and a spool folder.

`python -m tracking.server` runs it until SIGTERM; the environment is that of the web process.
"""

import asyncio
import logging
import os
import signal
import sys
from typing import Any, Protocol

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
_DRAIN_S = 10


class _Headers(Protocol):
    def get(self, key: str, default: Any = None) -> Any: ...
    def get_all(self, key: str) -> list[str]: ...


class _Scope(Protocol):
    proto: str
    method: str
    path: str
    client: str
    headers: _Headers


class Tracker:
    """The RSGI application of one worker process."""

    def __init__(self, settings: environment.Environment) -> None:
        self._settings = settings
        self._clicks = ClickLimit(settings.click_limit)
        self._journal = Journal(settings.redis_url, settings.home)

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._journal.start(loop)
        self._watch = loop.create_task(_end_with_parent(os.getppid()))

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._watch.cancel()
        loop.run_until_complete(self._journal.close())

    async def __rsgi__(self, scope: _Scope, protocol: Any) -> None:
        if scope.proto != "http":
            protocol.close(403)
            return
        answer = await self._answer(scope, protocol)
        protocol.response_bytes(answer.status, list(answer.headers), answer.body)

    async def _answer(self, scope: _Scope, protocol: Any) -> Answer:
        if scope.path == "/healthz":
            body = msgspec.json.encode({"status": "ok", **self._journal.state})
            return Answer(200, (("Content-Type", "application/json"),), body)
        request = await self._request(scope, protocol)
        answer, hit = hits.respond(request, self._settings.keyring, self._clicks)
        if hit is not None:
            await self._journal.record(hit_frame(hit))
        return answer

    async def _request(self, scope: _Scope, protocol: Any) -> Request:
        headers = scope.headers
        forwarded = ",".join(headers.get_all("x-forwarded-for")) if "x-forwarded-for" in headers else ""  # type: ignore[operator]
        takes_body = scope.method == "POST" and scope.path.startswith("/u/")
        return Request(
            method=scope.method,
            path=scope.path,
            address=self._settings.trusted_proxies.client(scope.client, forwarded),
            user_agent=headers.get("user-agent", ""),
            accept_language=headers.get("accept-language", ""),
            prefetch=hits.says_prefetch(headers),  # type: ignore[arg-type]
            content_type=headers.get("content-type", "") if takes_body else "",
            body=await _body(protocol) if takes_body else b"",
        )


async def _body(protocol: Any) -> bytes | None:
    """The body as far as it is needed: None when it is longer than BODY_LIMIT."""
    body = b""
    async for chunk in protocol:
        body += chunk
        if len(body) > hits.BODY_LIMIT:
            return None
    return body


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
        print(problem, file=sys.stderr)  # noqa: T201 (the one line for the operator)
        sys.exit(2)
    Granian(
        "tracking.server:make_tracker",
        factory=True,
        address=settings.address,
        port=settings.port,
        workers=settings.workers,
        interface=Interfaces.RSGI,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_READ_TIMEOUT_MS, max_buffer_size=_HEAD_LIMIT),
        websockets=False,
        backpressure=_CONNECTIONS,
        respawn_failed_workers=True,
        workers_kill_timeout=_DRAIN_S,
        log_level=LogLevels.warning,
    ).serve()


if __name__ == "__main__":
    main()
