"""From an address to a connection that is ready for mail: greeting, EHLO, STARTTLS, AUTH."""

import asyncio
import base64
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from transmissions.delivery.connection import Connection, Timeouts
from transmissions.delivery.replies import DNS_FAILURE, TIMEOUT, TRANSIENT, Reply, classify
from transmissions.delivery.server import Server
from transmissions.delivery.ticket import SessionError


@dataclass(frozen=True)
class Capabilities:
    """What EHLO announced: upper-case keywords; `size` is the largest message in bytes, 0 for no limit."""

    extensions: frozenset[str] = frozenset()
    size: int = 0
    mechanisms: frozenset[str] = frozenset()


NO_CAPABILITIES = Capabilities()


@dataclass
class Dialogue:
    """One opening dialogue. `watch` is told the connection as soon as it exists, so that its deadlines are
    checked.
    """

    server: Server
    timeouts: Timeouts
    context: ssl.SSLContext | None
    watch: Callable[[Connection], None]
    connection: Connection = field(init=False)

    async def open(self) -> tuple[Connection, Capabilities]:
        """Connect and become ready for MAIL; raises SessionError."""
        try:
            async with asyncio.timeout(self.timeouts.connect):
                await self._connect()
        except (OSError, TimeoutError, UnicodeError) as problem:
            raise _no_connection(problem) from problem
        self.watch(self.connection)
        try:
            return self.connection, await self._introduce()
        except BaseException:
            self.connection.transport.abort()
            raise

    async def _connect(self) -> None:
        implicit = self.server.encryption == "implicit"
        _, self.connection = await asyncio.get_running_loop().create_connection(
            lambda: Connection(self.timeouts),
            self.server.host,
            self.server.port,
            ssl=self.context if implicit else None,
            server_hostname=self.server.host if implicit else None,
        )

    async def _introduce(self) -> Capabilities:
        greeting = await self.connection.reply("the greeting", self.timeouts.greeting)
        if greeting.code != 220:
            raise _refused("the connection", greeting)
        capabilities = await self._hello()
        if self._wants_tls(capabilities):
            await self._encrypt()
            capabilities = await self._hello()
        if self.server.user:
            await self._log_in(capabilities)
        return capabilities

    async def _command(self, line: str, step: str) -> Reply:
        self.connection.expect_silence()
        self.connection.write(f"{line}\r\n".encode())
        return await self.connection.reply(step, self.timeouts.command)

    async def _hello(self) -> Capabilities:
        name = self.server.name or _address_literal(self.connection.peer.local_ip)
        reply = await self._command(f"EHLO {name}", "the reply to EHLO")
        if reply.code == 250:
            return read_capabilities(reply.text)
        if not 500 <= reply.code < 600:
            raise _refused("EHLO", reply)
        reply = await self._command(f"HELO {name}", "the reply to HELO")
        if reply.code != 250:
            raise _refused("HELO", reply)
        return NO_CAPABILITIES

    def _wants_tls(self, capabilities: Capabilities) -> bool:
        if self.server.encryption == "starttls" and "STARTTLS" not in capabilities.extensions:
            raise SessionError("454 4.7.0 [internal] the relay does not offer STARTTLS, which SMTP_URL asks for")
        return self.server.encryption in ("starttls", "auto") and "STARTTLS" in capabilities.extensions

    async def _encrypt(self) -> None:
        reply = await self._command("STARTTLS", "the reply to STARTTLS")
        if reply.code != 220:
            raise _refused("STARTTLS", reply)
        assert self.context is not None
        try:
            async with asyncio.timeout(self.timeouts.command):
                await self.connection.start_tls(self.context, self.server.host)
        except (OSError, TimeoutError) as problem:
            raise _no_connection(problem) from problem

    async def _log_in(self, capabilities: Capabilities) -> None:
        if "PLAIN" in capabilities.mechanisms:
            secret = f"\0{self.server.user}\0{self.server.password}"
            reply = await self._command(f"AUTH PLAIN {_base64(secret)}", "the reply to AUTH")
        elif "LOGIN" in capabilities.mechanisms:
            reply = await self._command("AUTH LOGIN", "the reply to AUTH")
            for answer in (self.server.user, self.server.password):
                if reply.code == 334:
                    reply = await self._command(_base64(answer), "the reply to AUTH")
        else:
            raise SessionError("454 4.7.0 [internal] the relay offers neither AUTH PLAIN nor AUTH LOGIN")
        if reply.code != 235:
            raise _refused("the login", reply)


def read_capabilities(text: str) -> Capabilities:
    """The capabilities in a reply to EHLO, whose first line is the server's name."""
    extensions: dict[str, list[str]] = {}
    for line in text.split("\n")[1:]:
        # Before RFC 4954 some servers wrote `AUTH=PLAIN`, and some clients still look for it.
        words = line[4:].upper().replace("AUTH=", "AUTH ").split()
        if words:
            extensions.setdefault(words[0], []).extend(words[1:])
    size = next(iter(extensions.get("SIZE", [])), "0")
    return Capabilities(
        extensions=frozenset(extensions),
        size=int(size) if size.isdigit() and len(size) < 19 else 0,
        mechanisms=frozenset(extensions.get("AUTH", [])),
    )


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _address_literal(ip: str) -> str:
    ip = ip.partition("%")[0]
    return f"[IPv6:{ip}]" if ":" in ip else f"[{ip or '127.0.0.1'}]"


def _refused(what: str, reply: Reply) -> SessionError:
    bounce_class = classify(reply.code, reply.text) if 400 <= reply.code < 500 else TRANSIENT
    return SessionError(f"454 4.3.0 [internal] the relay refused {what}: {reply.text}", bounce_class)


def _no_connection(problem: Exception) -> SessionError:
    if isinstance(problem, socket.gaierror | UnicodeError):
        return SessionError("454 4.4.4 [internal] no MX or A for domain", DNS_FAILURE)
    if isinstance(problem, TimeoutError):
        return SessionError("454 4.4.1 [internal] connection to the relay timed out", TIMEOUT)
    if isinstance(problem, ssl.SSLCertVerificationError):
        return SessionError(f"454 4.7.5 [internal] the relay's certificate is not valid: {problem.verify_message}")
    if isinstance(problem, ssl.SSLError):
        return SessionError(f"454 4.7.5 [internal] no TLS with the relay: {problem.reason or 'handshake failed'}")
    return SessionError(f"454 4.4.1 [internal] no connection to the relay: {_cause(problem)}")


def _cause(problem: Exception) -> str:
    if isinstance(problem, ConnectionRefusedError):
        return "connection refused"
    return (getattr(problem, "strerror", None) or str(problem) or "connection lost")[:200]
