"""The whole program as a child process, for tests that stand where users stand."""

import email.policy
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from typing import TypeVar, cast

T = TypeVar("T")

ROOT = Path(__file__).resolve().parent.parent
_READY = "Ctrl-C stops everything."
_START_TIMEOUT_S = 120.0


@dataclass(frozen=True)
class Received:
    """A message in the sandbox mailbox: its envelope, its bytes, and the same parsed with today's email policy."""

    mail_from: str
    rcpt_to: str
    data: bytes
    message: EmailMessage


@dataclass
class Program:
    """A running `manage.py up`; `screen` is what it has printed so far."""

    home: Path
    port: int
    process: "subprocess.Popen[str]"
    lines: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def screen(self) -> str:
        return "".join(self.lines)

    @property
    def api_key(self) -> str:
        return self._shown(r"API key\s+([0-9a-f]{40})")

    @property
    def login(self) -> tuple[str, str]:
        user, password = self._shown(r"Log in as\s+(\S+ / \S+)").split(" / ")
        return user, password

    @property
    def curl(self) -> str:
        return self._shown(r"^(curl .*)$")

    def logs(self) -> str:
        return "\n".join(f"== {log.name}\n{log.read_text()}" for log in sorted((self.home / "log").glob("*.log")))

    def mail(self, to: str | None = None) -> list[Received]:
        """What has arrived, oldest first; for the one address `to` if it is given."""
        files = sorted((self.home / "sandbox" / "new").glob("*"))
        received = [_received(file.read_bytes()) for file in files]
        return [one for one in received if to is None or one.rcpt_to == to]

    def mail_for(self, to: str) -> Received:
        """The only message for `to`, as soon as it has arrived."""
        (received,) = eventually(lambda: self.mail(to))
        return received

    def stop(self, with_signal: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(with_signal)
        return self.process.wait(60)

    def read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as output:
            self.lines.extend(output)

    def _shown(self, pattern: str) -> str:
        found = re.search(pattern, self.screen, re.MULTILINE)
        assert found, self.screen
        return found[1]


@contextmanager
def running(home: Path | None = None, **environment: str) -> Iterator[Program]:
    """Start the program on free ports with `home` (a new one by default) and stop it afterwards."""
    with tempfile.TemporaryDirectory(prefix="momentum-program-") as folder:
        program = start(home or _open_folder(Path(folder)) / "home", **environment)
        try:
            yield program
        finally:
            if program.process.poll() is None:
                program.stop()


def start(home: Path, **environment: str) -> Program:
    """Start the program and wait for its screen; an AssertionError shows what it printed instead."""
    ours = ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "SMTP_URL", "DJANGO_SETTINGS_MODULE")
    inherited = {name: value for name, value in os.environ.items() if name not in ours}
    port = free_ports(3)
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up", "--port", str(port)],
        cwd=ROOT,
        env=inherited | {"MOMENTUM_HOME": str(home)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    program = Program(home, port, process)
    threading.Thread(target=program.read, daemon=True).start()
    eventually(lambda: _READY in program.screen or process.poll() is not None, timeout=_START_TIMEOUT_S)
    assert _READY in program.screen, program.screen
    return program


def eventually(condition: Callable[[], T], timeout: float = 30.0) -> T:
    """The first true value of `condition`, asked again and again; an AssertionError after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        assert time.monotonic() < deadline, f"still {value!r} after {timeout} s"
        time.sleep(0.05)
    return value


def free_ports(count: int) -> int:
    """The first of `count` consecutive ports that nobody listens on."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            first: int = probe.getsockname()[1]
        if first + count < 65536 and all(_is_free(first + offset) for offset in range(count)):
            return first


def _received(stored: bytes) -> Received:
    # The first line of a stored message is its envelope.
    head, _, data = stored.partition(b"\n")
    envelope = json.loads(head)
    message = cast(EmailMessage, email.message_from_bytes(data, policy=email.policy.default))
    return Received(envelope["mail_from"], *envelope["rcpt_to"], data, message)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _open_folder(folder: Path) -> Path:
    # postgres runs as another user when the tests run as root, and has to reach its folder.
    folder.chmod(0o755)
    return folder
