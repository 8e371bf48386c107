"""The embedded PostgreSQL and Redis behind the tests: real ones, in a folder of the test run's own."""

import atexit
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

HOME = Path(tempfile.mkdtemp(prefix="momentum-tests-"))
# postgres runs as another user when the tests run as root, and has to reach its folder.
HOME.chmod(0o755)
for variable in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "SMTP_URL", "SECRET_KEY", "TRACKING_KEYS"):
    os.environ.pop(variable, None)
os.environ["MOMENTUM_HOME"] = str(HOME)

_running: list["subprocess.Popen[bytes]"] = []


def _stop() -> None:
    for process in reversed(_running):
        process.send_signal(signal.SIGINT)
    for process in _running:
        process.wait(timeout=30)
    shutil.rmtree(HOME, ignore_errors=True)


def start() -> None:
    """Start both and wait until they answer; done once, before pytest-django reads the settings."""
    from momentum import embedded

    atexit.register(_stop)
    postgres, redis = embedded.postgres(HOME), embedded.redis(HOME)
    _running.append(postgres.start(HOME / "postgresql.log"))
    _running.append(redis.start(HOME / "redis.log"))
    embedded.create_database(HOME)
    embedded.wait_for_redis(HOME)


start()
