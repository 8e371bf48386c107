"""Logs of parts that run for months are bounded without stopping them."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from momentum import supervisor
from momentum.supervisor import Part, Supervisor

CHATTY = "import sys, time\nwhile True: print('x' * 99, flush=True); time.sleep(0.001)"


def wait_for(condition: object) -> None:
    deadline = time.monotonic() + 20
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_long_log_begins_anew_while_its_part_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "_LOG_LIMIT_BYTES", 10_000)
    running = Supervisor(tmp_path, lambda _: None)
    part = Part("chatty", [sys.executable, "-c", CHATTY], tmp_path)
    running.start(part)
    try:
        log, old = tmp_path / "chatty.log", tmp_path / "chatty.log.1"
        wait_for(lambda: log.stat().st_size > 10_000)
        running.bound_logs()
        assert old.stat().st_size > 10_000
        wait_for(lambda: log.stat().st_size > 200)
        # No hole of zeros at its beginning: the part appends.
        assert log.read_bytes()[:10] == b"x" * 10
        assert part.process is not None
        assert part.process.poll() is None
    finally:
        assert isinstance(part.process, subprocess.Popen)
        part.process.kill()
        part.process.wait()
