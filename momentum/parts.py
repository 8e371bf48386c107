"""Which processes make up an installation, and how each is started (DESIGN §1)."""

import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from momentum.supervisor import Part

# Generations of both lanes, retries, and one to spare: a worker process that has nothing to do costs only memory.
_WORKER_PROCESSES = 6
_WEB_PROCESSES = 2
_WEB_THREADS = 4


def application_parts() -> Iterator[Part]:
    """Everything but PostgreSQL and Redis, in the order in which it is started."""
    if settings.SMTP_URL is None:
        yield _python("sandbox", "manage.py", "sandbox")
    yield _python("tracker", "-m", "tracking.server")
    yield _python("recorder", "manage.py", "record")
    yield _worker()
    yield _python(
        "beat",
        *("-m", "celery", "-A", "momentum", "beat", "--loglevel", "WARNING"),
        *("--pidfile", "", "--schedule", settings.CELERY_BEAT_SCHEDULE_FILENAME),
    )
    yield _web()


def _web() -> Part:
    return _python(
        "web",
        *("-m", "granian", "--interface", "wsgi", "momentum.wsgi:application"),
        *("--host", bind_host(), "--port", str(settings.PORT), "--no-ws", "--log-level", "warning"),
        *("--workers", str(_WEB_PROCESSES), "--blocking-threads", str(_WEB_THREADS)),
        *("--respawn-failed-workers", "--workers-kill-timeout", "10"),
    )


def _worker() -> Part:
    return _python(
        "worker",
        *("-m", "celery", "-A", "momentum", "worker", "--loglevel", "WARNING"),
        *("--concurrency", str(_WORKER_PROCESSES), "--without-gossip", "--without-mingle"),
    )


def bind_host() -> str:
    """Loopback where only this machine is served, every interface for an installation with its own address."""
    host = urlsplit(settings.MOMENTUM_URL).hostname or ""
    return "127.0.0.1" if host in ("127.0.0.1", "localhost", "::1") else "0.0.0.0"  # noqa: S104


def _python(name: str, *arguments: str) -> Part:
    return Part(name, (sys.executable, *arguments), Path(settings.BASE_DIR), signal.SIGTERM)
