"""The sandbox's SMTP server as the supervisor starts it, fed by the relay that the pipeline uses."""

import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox.mailbox import Mailbox
from transmissions.delivery import Outgoing, Relay

DATA = b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nFrom: Anna <anna@example.org>\r\n\r\n.dot\r\nend\r\n"


@contextmanager
def sandbox(home: Path, *options: str) -> Iterator[tuple[int, "subprocess.Popen[bytes]"]]:
    """The server as a process of its own; waits until it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, "-m", "sandbox.server", str(home), "127.0.0.1", str(port), *options]
    process = subprocess.Popen(command, env={"PATH": os.environ["PATH"]})
    try:
        deadline = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                assert time.monotonic() < deadline
                assert process.poll() is None
                time.sleep(0.05)
        yield port, process
    finally:
        process.kill()
        process.wait()


def test_mail_is_stored_with_its_envelope(tmp_path: Path) -> None:
    with sandbox(tmp_path) as (port, process):
        with Relay.from_url(f"smtp://127.0.0.1:{port}") as relay:
            messages = [Outgoing(key, "b@example.org", f"r{key}@example.com", DATA) for key in range(40)]
            messages.append(Outgoing(40, "b@example.org", "jörg@example.com", DATA, smtputf8=True))
            messages.append(Outgoing(41, "", "null-sender@example.com", DATA.replace(b"end", b"x" * 5000)))
            outcomes = [outcome for batch in relay.deliver(messages) for outcome in batch]
        assert {outcome.result for outcome in outcomes} == {"delivered"}
        mailbox = Mailbox(tmp_path / "sandbox")
        names = mailbox.names()
        assert len(names) == len(outcomes) == 42
        entries = [entry for name in names if (entry := mailbox.entry(name)) is not None]
        assert {entry.head.rcpt_to[0] for entry in entries} == {message.rcpt_to for message in messages}
        assert {(entry.head.subject, entry.head.sender) for entry in entries} == {
            ("Grüße", "Anna <anna@example.org>")
        }
        stored = next(entry for entry in entries if entry.head.rcpt_to == ("r7@example.com",))
        assert stored.head.mail_from == "b@example.org"
        assert mailbox.data(stored.name) == DATA
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_magic_recipients_are_refused_and_the_others_are_not(tmp_path: Path) -> None:
    with sandbox(tmp_path) as (port, _), Relay.from_url(f"smtp://127.0.0.1:{port}/?connections=1") as relay:
        addresses = [
            "a@example.com",
            "bounce+550@x.com",
            "b@x.com",
            "defer+452@x.com",
            "defer+421@x.com",
            "c@x.com",
        ]
        messages = [Outgoing(key, "b@example.org", address, DATA) for key, address in enumerate(addresses)]
        outcomes = {outcome.key: outcome for batch in relay.deliver(messages) for outcome in batch}
    assert [(outcomes[key].result, outcomes[key].error_code, outcomes[key].bounce_class) for key in range(6)] == [
        ("delivered", None, None),
        ("bounced", 550, 10),
        ("delivered", None, None),
        ("deferred", 452, 22),
        ("deferred", 421, 70),
        ("delivered", None, None),
    ]
    assert len(Mailbox(tmp_path / "sandbox").names()) == 3


def test_the_mailbox_stays_within_its_limit(tmp_path: Path) -> None:
    with sandbox(tmp_path, "--keep-messages", "5") as (port, _), smtplib.SMTP("127.0.0.1", port) as client:
        for number in range(12):
            client.sendmail("b@example.org", ["a@example.com"], b"Subject: %d\r\n\r\nx\r\n" % number)
    mailbox = Mailbox(tmp_path / "sandbox")
    entries = [mailbox.entry(name) for name in mailbox.names()]
    assert [entry.head.subject for entry in entries if entry] == ["11", "10", "9", "8", "7"]


def test_what_the_server_offers(tmp_path: Path) -> None:
    with sandbox(tmp_path) as (port, _), smtplib.SMTP("127.0.0.1", port) as client:
        client.ehlo()
        assert {"pipelining", "8bitmime", "smtputf8", "size"} <= client.esmtp_features.keys()
        assert client.esmtp_features["size"] == str(50 * 1024 * 1024)
        with pytest.raises(smtplib.SMTPSenderRefused):
            client.sendmail("b@example.org", ["a@example.com"], b"x" * (50 * 1024 * 1024 + 1))


def test_an_address_in_use_is_one_clear_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "sandbox.server", str(tmp_path), "127.0.0.1", str(port)]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert f"sandbox cannot listen on 127.0.0.1:{port}" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_the_command_listens_where_the_settings_say(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {"PATH": os.environ["PATH"], "MOMENTUM_HOME": str(tmp_path), "PORT": str(port - 2)}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "sandbox"],
        cwd=Path(__file__).parents[2],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stderr is not None
        assert f"sandbox takes mail on 127.0.0.1:{port}" in process.stderr.readline()
        with smtplib.SMTP("127.0.0.1", port) as client:
            client.sendmail("b@example.org", ["a@example.com"], DATA)
        assert len(Mailbox(tmp_path / "sandbox").names()) == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
    finally:
        process.kill()
        process.communicate()


def test_the_server_needs_no_django() -> None:
    code = "import sandbox.server, sys; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
