"""SMTP servers on loopback for tests: one that behaves, and ones that do what they are told."""

import asyncio
import base64
import contextlib
import datetime
import ipaddress
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PIPELINING = ("PIPELINING", "SIZE 1000000", "8BITMIME")
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Taken:
    """One message as the server got it; `data` is still dot-stuffed."""

    mail: str
    rcpt: str
    data: bytes


@dataclass
class Peer:
    """A server that takes mail. Replies to single commands are overridden in `replies`: command line -> reply.

    A reply of None closes the connection; a float is a pause in seconds before the usual reply. `commands`
    records every line; `lock_step` refuses a command that comes before the last one was answered.
    """

    extensions: tuple[str, ...] = PIPELINING
    replies: dict[str, "str | float | None"] = field(default_factory=dict)
    greeting: str = "220 peer ready"
    taken: list[Taken] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    tls: ssl.SSLContext | None = None
    password: str = ""
    lock_step: bool = False

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.write(f"{self.greeting}\r\n".encode())
        mail = rcpt = ""
        while line := await reader.readline():
            command = line.decode("utf-8", "replace").rstrip("\r\n")
            self.commands.append(command)
            if self.lock_step and reader._buffer:  # type: ignore[attr-defined]
                writer.write(b"554 5.5.0 synchronization error\r\n")
                return
            verb = command.split(" ")[0].upper()
            override = next((self.replies[key] for key in self.replies if command.startswith(key)), "")
            if override is None:
                return
            if isinstance(override, float):
                await asyncio.sleep(override)
                override = ""
            if override:
                writer.write(f"{override}\r\n".encode("latin-1"))
                if verb != "DATA" or not override.startswith("354"):
                    continue
            elif verb == "EHLO":
                writer.write(self._ehlo())
            elif verb == "MAIL":
                mail, rcpt = command, ""
                writer.write(b"250 2.1.0 ok\r\n")
            elif verb == "RCPT" and not mail:
                writer.write(b"503 5.5.1 no sender\r\n")
            elif verb == "RCPT":
                rcpt = command
                writer.write(b"250 2.1.5 ok\r\n")
            elif verb == "DATA" and rcpt:
                writer.write(b"354 go on\r\n")
            elif verb == "DATA":
                writer.write(b"503 5.5.1 no recipient\r\n")
                continue
            elif verb == "STARTTLS":
                writer.write(b"220 go on\r\n")
                await writer.start_tls(self.tls)  # type: ignore[arg-type]
                continue
            elif verb == "AUTH":
                await self._authenticate(command, reader, writer)
                continue
            elif verb == "QUIT":
                writer.write(b"221 bye\r\n")
                return
            else:
                writer.write(b"250 ok\r\n")
            if verb != "DATA":
                continue
            data = await self._data(reader)
            end = self.replies.get("." + rcpt, self.replies.get(".", "250 2.0.0 taken"))
            if end is None:
                return
            if isinstance(end, float):
                await asyncio.sleep(end)
                end = "250 2.0.0 taken"
            if end.startswith("2") and rcpt:
                self.taken.append(Taken(mail, rcpt, data))
            writer.write(f"{end}\r\n".encode("latin-1"))
            mail = rcpt = ""

    def _ehlo(self) -> bytes:
        lines = ["peer", *self.extensions]
        return b"".join(f"250{' ' if line is lines[-1] else '-'}{line}\r\n".encode() for line in lines)

    async def _data(self, reader: asyncio.StreamReader) -> bytes:
        data = b""
        while (line := await reader.readline()) != b".\r\n":
            if not line:
                raise ConnectionResetError
            data += line
        return data

    async def _authenticate(self, command: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if command.startswith("AUTH PLAIN"):
            given = base64.b64decode(command.split()[2]).decode().split("\0")[1:]
        else:
            given = []
            for prompt in (b"334 VXNlcm5hbWU6\r\n", b"334 UGFzc3dvcmQ6\r\n"):
                writer.write(prompt)
                given.append(base64.b64decode(await reader.readline()).decode())
        writer.write(b"235 ok\r\n" if given == ["user", self.password] else b"535 5.7.8 wrong\r\n")


@contextlib.contextmanager
def serving(handler: Handler, context: ssl.SSLContext | None = None, port: int = 0) -> Iterator[int]:
    """Run the handler for each connection, in a thread of its own; gives the port."""
    loop = asyncio.new_event_loop()
    writers: set[asyncio.StreamWriter] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await handler(reader, writer)
            await writer.drain()
        writer.close()

    async def stop(server: asyncio.Server) -> None:
        server.close()
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer in writers:
            writer.transport.abort()
        await asyncio.sleep(0.01)

    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    started = asyncio.start_server(handle, "127.0.0.1", port, ssl=context, limit=1 << 22)
    server = asyncio.run_coroutine_threadsafe(started, loop).result(10)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        asyncio.run_coroutine_threadsafe(stop(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


def self_signed(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate for 127.0.0.1 signed by itself: its PEM file, and the context of a server that shows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "peer")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    pem, key_file = folder / "peer.pem", folder / "peer.key"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, key_file)
    return pem, context
