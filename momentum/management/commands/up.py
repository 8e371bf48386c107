"""`manage.py up`: the whole installation on one machine."""

import fcntl
import os
import socket
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connections
from redis import RedisError

from momentum import embedded, health
from momentum.first_run import create_credentials
from momentum.parts import application_parts, bind_host
from momentum.screen import welcome
from momentum.supervisor import Part, Stopped, Supervisor
from tracking import retention

_START_TIMEOUT_S = 90.0


class Command(BaseCommand):
    """Starts embedded PostgreSQL and Redis where no URL is set, migrates, starts every part, and watches them."""

    help = "Run the whole installation: web, tracker, worker, beat, recorder, and what they need"
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, help="port of the web process; the tracker listens on the next one")

    def handle(self, *, port: int | None, **options: Any) -> None:
        if port is not None and port != settings.PORT:
            # Settings are made from the environment when the process begins.
            os.environ["PORT"] = str(port)
            os.execv(sys.executable, [sys.executable, sys.argv[0], "up"])  # noqa: S606 (ourselves)
        home = Path(settings.MOMENTUM_HOME)
        home.mkdir(parents=True, exist_ok=True)
        held = _hold(home)
        _check_ports()
        supervisor = Supervisor(home / "log", self._say)
        supervisor.stop_on_signals()
        try:
            self._run(supervisor, home)
        except Stopped:
            pass
        except embedded.EmbeddedServiceError as problem:
            raise CommandError(str(problem)) from problem
        finally:
            self._say("stopping …")
            supervisor.stop()
            held.close()

    def _run(self, supervisor: Supervisor, home: Path) -> None:
        if settings.DATABASE_URL is None:
            supervisor.start(Part.of_service(embedded.postgres(home)))
            embedded.create_database(home)
        if settings.REDIS_URL is None:
            supervisor.start(Part.of_service(embedded.redis(home)))
            embedded.wait_for_redis(home)
        _check_services()
        call_command("migrate", interactive=False, verbosity=0)
        retention.keep_partitions()
        connections.close_all()
        for part in application_parts():
            supervisor.start(part)
        self._wait_until_up(supervisor)
        # Last of all: what is shown once has to reach the screen.
        self.stdout.write(welcome(create_credentials()))
        connections.close_all()
        self.stdout.flush()
        supervisor.watch()

    def _wait_until_up(self, supervisor: Supervisor) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        waiting = [f"http://127.0.0.1:{port}/healthz" for port in (settings.PORT, settings.PORT + 1)]
        while waiting:
            supervisor.check()
            waiting = [url for url in waiting if not _answers(url)]
            if time.monotonic() > deadline:
                raise CommandError(f"{', '.join(waiting)} does not answer; see {settings.MOMENTUM_HOME}/log")
            time.sleep(0.1)

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def _hold(home: Path) -> TextIO:
    """Keep a second `up` from working on the same data."""
    lock = (home / "up.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as problem:
        raise CommandError(
            f"Momentum is running already on {home} (set MOMENTUM_HOME for another one)"
        ) from problem
    return lock


def _check_services() -> None:
    """Services of one's own that do not answer are named by the variable that leads to them."""
    for variable, ask, problems in (
        ("DATABASE_URL", health.ask_database, DatabaseError),
        ("REDIS_URL", health.ask_redis, RedisError),
    ):
        try:
            ask()
        except problems as problem:
            raise CommandError(f"{variable}: no answer: {' '.join(str(problem).split())}") from problem


def _check_ports() -> None:
    ports = [settings.PORT, settings.PORT + 1]
    if settings.SMTP_URL is None:
        ports.append(settings.SANDBOX_ADDRESS[1])
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((bind_host(), port))
            except OSError as problem:
                raise CommandError(f"port {port} is in use: choose another with --port or PORT") from problem


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):  # noqa: S310 (our own address)
            return True
    except (urllib.error.URLError, OSError):
        return False
