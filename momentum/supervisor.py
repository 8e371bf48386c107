"""Running the parts of an installation as child processes: start, watch, start again, stop in order."""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from momentum.embedded import Service

_PR_SET_PDEATHSIG = 1
_GRACE_S = 20.0
_LOOK_EVERY_S = 0.2
_LONGEST_PAUSE_S = 30.0
# A part that ran this long had started well: its next crash is a new story.
_WELL_AFTER_S = 60.0
_LOG_LIMIT_BYTES = 20 * 1024 * 1024
_BOUND_LOGS_EVERY_S = 30.0


@dataclass(slots=True)
class Part:
    """One child process; `stop_signal` asks it to end and lets it finish what it is doing.

    A service is what other parts need to finish: it is stopped after them.
    """

    name: str
    command: Sequence[str]
    directory: Path
    stop_signal: signal.Signals = signal.SIGTERM
    popen_arguments: dict[str, object] = field(default_factory=dict)
    is_service: bool = False
    process: "subprocess.Popen[bytes] | None" = None
    crashes: int = 0
    started_at: float = 0.0
    start_again_at: float = 0.0

    @classmethod
    def of_service(cls, service: Service) -> "Part":
        # PostgreSQL waits for its clients on SIGTERM and ends their sessions on SIGINT ("fast shutdown").
        stop = signal.SIGINT if service.name == "postgresql" else signal.SIGTERM
        return cls(
            service.name, service.command, service.directory, stop, service.popen_arguments(), is_service=True
        )


class Supervisor:
    """Keeps parts running until it is told to stop; `say` gets one line for each thing worth knowing."""

    def __init__(self, logs: Path, say: Callable[[str], None]) -> None:
        self._logs, self._say = logs, say
        self._parts: list[Part] = []
        self.stopping = False
        logs.mkdir(parents=True, exist_ok=True)

    def stop_on_signals(self) -> None:
        """Ctrl-C, SIGTERM and a closed terminal end `watch`, or the start-up wherever it is."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def start(self, part: Part) -> None:
        """Start a part and watch it from now on."""
        self._parts.append(part)
        self._launch(part)

    def check(self) -> None:
        """Start crashed parts again, after a pause that grows with every crash."""
        now = time.monotonic()
        for part in self._parts:
            if part.process is None:
                if now >= part.start_again_at:
                    self._launch(part)
                continue
            code = part.process.poll()
            if code is None:
                continue
            part.crashes = 1 if now - part.started_at > _WELL_AFTER_S else part.crashes + 1
            pause = min(2.0 ** (part.crashes - 1), _LONGEST_PAUSE_S)
            part.process, part.start_again_at = None, now + pause
            self._say(
                f"{part.name} ended ({_ending(code)}), starting it again in {pause:.0f} s; see {self._log(part)}"
            )

    def bound_logs(self) -> None:
        """Begin logs anew that have grown too long, with one old one beside each.

        Parts may run for months. They append to their logs, so that whatever comes next goes to the beginning.
        """
        for log in {self._log(part) for part in self._parts}:
            if log.exists() and log.stat().st_size > _LOG_LIMIT_BYTES:
                shutil.copyfile(log, log.with_suffix(".log.1"))
                os.truncate(log, 0)

    def watch(self) -> None:
        """Keep everything running until a signal comes."""
        bounded_at = time.monotonic()
        while not self.stopping:
            self.check()
            if time.monotonic() - bounded_at > _BOUND_LOGS_EVERY_S:
                bounded_at = time.monotonic()
                self.bound_logs()
            time.sleep(_LOOK_EVERY_S)

    def stop(self) -> None:
        """Stop every part, then the services that they used; what does not end in time is killed."""
        self.stopping = True
        for is_service in (False, True):
            running = [part for part in self._parts if part.is_service == is_service and _is_running(part)]
            for part in running:
                assert part.process is not None
                part.process.send_signal(part.stop_signal)
            deadline = time.monotonic() + _GRACE_S
            for part in running:
                assert part.process is not None
                self._wait(part, part.process, deadline)

    def _wait(self, part: Part, process: "subprocess.Popen[bytes]", deadline: float) -> None:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._say(f"{part.name} does not end by itself, killing it")
            # Its own children are in its process group.
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _launch(self, part: Part) -> None:
        with self._log(part).open("ab") as output:
            part.process = subprocess.Popen(
                part.command,
                cwd=part.directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Away from the terminal's Ctrl-C: the order of stopping is ours.
                start_new_session=True,
                preexec_fn=_follow_parent(part.stop_signal),
                **part.popen_arguments,  # type: ignore[call-overload]
            )
        part.started_at = time.monotonic()

    def _log(self, part: Part) -> Path:
        return self._logs / f"{part.name}.log"

    def _on_signal(self, number: int, frame: object) -> None:
        if not self.stopping:
            self.stopping = True
            raise Stopped


class Stopped(Exception):  # noqa: N818 (not an error)
    """A signal asked the supervisor to stop."""


def _follow_parent(stop_signal: signal.Signals) -> Callable[[], None] | None:
    """On Linux the kernel stops a child whose supervisor was killed (prctl(2), PR_SET_PDEATHSIG)."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def follow() -> None:
        prctl(_PR_SET_PDEATHSIG, int(stop_signal), 0, 0, 0)

    return follow


def _is_running(part: Part) -> bool:
    return part.process is not None and part.process.poll() is None


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"
