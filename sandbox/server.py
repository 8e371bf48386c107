"""The sandbox's SMTP server: `python -m sandbox.server HOME HOST PORT`. No Django.

It takes every message for every recipient and stores it below HOME/sandbox; nothing leaves the machine.
"""

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.magic import refusal
from sandbox.mailbox import Head, Limits, Mailbox
from sandbox.parsing import header_text
from sandbox.pruning import Pruner

log = logging.getLogger(__name__)

LARGEST_MESSAGE = 50 * 1024 * 1024
MOST_RECIPIENTS = 1000


class TolerantSmtp(SMTP):  # type: ignore[misc]
    """Takes lines longer than RFC 5321 §4.5.3.1.6 has them, as most servers do."""

    line_length_limit = 1024 * 1024


class Handler:
    """What happens at each command; aiosmtpd calls these by name."""

    def __init__(self, mailbox: Mailbox, pruner: Pruner) -> None:
        self._mailbox = mailbox
        self._pruner = pruner

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [responses[0], "250-PIPELINING", *responses[1:]]

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        reply = refusal(address)
        if reply is not None:
            return reply
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 too many recipients"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        data = envelope.content
        assert isinstance(data, bytes)
        try:
            name = await asyncio.to_thread(self._store, envelope.mail_from or "", tuple(envelope.rcpt_tos), data)
        except OSError as problem:
            log.warning("a message could not be stored: %s", problem)
            return "452 4.3.1 the sandbox could not store the message"
        return f"250 2.0.0 stored as {name}"

    def _store(self, mail_from: str, rcpt_to: tuple[str, ...], data: bytes) -> str:
        head = Head(
            mail_from=mail_from,
            rcpt_to=rcpt_to,
            subject=header_text(data, "subject"),
            sender=header_text(data, "from"),
            size=len(data),
        )
        name = self._mailbox.add(head, data)
        self._pruner.added(name, len(data))
        return name


async def serve(home: Path, host: str, port: int, limits: Limits | None = None) -> asyncio.Server:
    """Start listening; raises OSError when the address is taken."""
    # aiosmtpd logs every command at INFO.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    mailbox = Mailbox(home / "sandbox")
    mailbox.prepare()
    handler = Handler(mailbox, Pruner(mailbox, limits or Limits()))
    loop = asyncio.get_running_loop()

    def protocol() -> SMTP:
        return TolerantSmtp(
            handler,
            data_size_limit=LARGEST_MESSAGE,
            enable_SMTPUTF8=True,
            hostname="sandbox",
            ident="Momentum sandbox",
            loop=loop,
        )

    return await loop.create_server(protocol, host, port)


def run(home: Path, host: str, port: int, limits: Limits | None = None) -> int:
    """Serve until SIGINT or SIGTERM; returns the exit status."""

    async def until_told() -> None:
        told = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, told.set)
        server = await serve(home, host, port, limits)
        log.info("sandbox takes mail on %s:%d", host, server.sockets[0].getsockname()[1])
        await told.wait()
        server.close()

    try:
        asyncio.run(until_told())
    except OSError as problem:
        log.error("sandbox cannot listen on %s:%d: %s", host, port, problem.strerror or problem)
        return 1
    return 0


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox.server", description=__doc__)
    parser.add_argument("home", type=Path, help="MOMENTUM_HOME; mail goes to its folder sandbox")
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--keep-messages", type=int, default=Limits().messages)
    parser.add_argument("--keep-bytes", type=int, default=Limits().size)
    given: Any = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    return run(given.home, given.host, given.port, Limits(given.keep_messages, given.keep_bytes))


if __name__ == "__main__":
    sys.exit(main())
