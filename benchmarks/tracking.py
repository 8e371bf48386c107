"""A durable, verified hit per second: the tracker beside what a Django developer would write, and beside nginx.

Every server runs as one process on the same machine and is asked for one open pixel over 64 connections, in
interleaved rounds, so that a machine that drifts drifts for all. nginx's `empty_gif` with a buffered access log
verifies nothing and records nothing durably: it is the ceiling. Then the recorder, beside COPY and bulk_create.
"""

import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from socket import create_connection

from redis import Redis

from benchmarks import tracking_load
from momentum import embedded
from tracking import keys, stream
from tracking.tokens import Kind, LinkPart, MessagePart, Sealer

ROUNDS, SECONDS, FIRST_PORT = 3, 3, 20230
KEY = "only-for-a-benchmark-0123456789-abcdef"
ROOT = Path(__file__).resolve().parent.parent

TRACKER, INSERT, XADD, NGINX = "tracker", "Django view, ORM insert", "Django view, XADD", "nginx empty_gif"


def main() -> None:
    home = Path(tempfile.mkdtemp(prefix="bench-"))
    home.chmod(0o755)
    try:
        with _services(home) as environment:
            _answering(home, environment)
            _recording(environment)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _answering(home: Path, environment: dict[str, str]) -> None:
    token = _token()
    paths = {TRACKER: f"/q/{token}", INSERT: f"/insert/{token}", XADD: f"/xadd/{token}", NGINX: "/"}
    loads: dict[str, list[tracking_load.Load]] = {}
    processor_us: dict[str, list[float]] = {}
    with _servers(home, environment) as servers:
        for _ in range(ROUNDS):
            for name, (port, pid) in servers.items():
                before = _processor_s(pid)
                load = tracking_load.run("127.0.0.1", port, paths[name], SECONDS)
                loads.setdefault(name, []).append(load)
                processor_us.setdefault(name, []).append((_processor_s(pid) - before) / load.answers * 1e6)
    answered = sum(load.answers for load in loads[TRACKER])
    stored = _hits_in_stream(environment["REDIS_URL"])
    print(f"tracker: {answered:,} hits answered, {stored:,} in the stream")
    if stored < answered:
        raise SystemExit("the tracker answered hits that it had not recorded")
    rates = {name: statistics.median(load.rate for load in rounds) for name, rounds in loads.items()}
    for name, rate in rates.items():
        p99 = statistics.median(load.p99_ms for load in loads[name])
        used = statistics.median(processor_us[name])
        ratio = "" if name == TRACKER else f"   the tracker makes {rates[TRACKER] / rate:.2f} times that"
        print(f"{name:24} {rate:>8,.0f}/s   p99 {p99:>6.1f} ms   {used:>6.0f} µs of processor a hit{ratio}")


def _recording(environment: dict[str, str]) -> None:
    subprocess.run([sys.executable, "-m", "benchmarks.tracking_store"], env=environment, cwd=ROOT, check=True)


@contextmanager
def _services(home: Path) -> Iterator[dict[str, str]]:
    postgres, redis = embedded.postgres(home), embedded.redis(home)
    running = [postgres.start(home / "postgresql.log"), redis.start(home / "redis.log")]
    try:
        embedded.create_database(home)
        embedded.wait_for_redis(home)
        dropped = ("DATABASE_URL", "CELERY_BROKER_URL", "SMTP_URL", "SECRET_KEY")
        yield {name: value for name, value in os.environ.items() if name not in dropped} | {
            "MOMENTUM_HOME": str(home),
            "REDIS_URL": f"unix://{embedded.redis_socket(home)}",
            "TRACKING_KEYS": KEY,
            "PORT": str(FIRST_PORT - 1),
            "BENCH_POSTGRES": str(embedded.database_settings(home)["HOST"]),
            "DJANGO_SETTINGS_MODULE": "momentum.settings",
        }
    finally:
        for process in reversed(running):
            process.send_signal(signal.SIGINT)
            process.wait(timeout=30)


@contextmanager
def _servers(home: Path, environment: dict[str, str]) -> Iterator[dict[str, tuple[int, int]]]:
    """Port and process of each server, by name."""
    subprocess.run([sys.executable, "-m", "benchmarks.tracking_peers"], env=environment, cwd=ROOT, check=True)
    granian = [sys.executable, "-m", "granian", "--interface", "wsgi", "--blocking-threads", "4"]
    django = [
        *granian,
        "--log-level",
        "warning",
        "--port",
        str(FIRST_PORT + 1),
        "benchmarks.tracking_peers:application",
    ]
    commands = {FIRST_PORT: [sys.executable, "-m", "tracking.server"], FIRST_PORT + 1: django}
    names = {TRACKER: FIRST_PORT, INSERT: FIRST_PORT + 1, XADD: FIRST_PORT + 1}
    if nginx := shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin"):
        names[NGINX] = FIRST_PORT + 2
        commands[FIRST_PORT + 2] = [nginx, "-p", str(home), "-c", str(_nginx_configuration(home))]
    else:
        print("nginx is not installed: no ceiling to compare with")
    processes = {port: subprocess.Popen(command, env=environment, cwd=ROOT) for port, command in commands.items()}
    try:
        for port in processes:
            _wait_for(port)
        yield {name: (port, processes[port].pid) for name, port in names.items()}
    finally:
        for process in processes.values():
            process.terminate()
            process.wait(timeout=30)


def _processor_s(pid: int) -> float:
    """Processor time that a process and its children have used; a measure that a busy machine leaves alone."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    parents = dict(map(int, line.split()) for line in listed.splitlines())
    family = [pid, *(child for child, parent in parents.items() if parent == pid)]
    ticks = 0
    for member in family:
        with suppress(OSError):
            fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _nginx_configuration(home: Path) -> Path:
    file = home / "nginx.conf"
    file.write_text(
        f"daemon off; worker_processes 1; pid {home}/nginx.pid; error_log {home}/nginx-error.log;\n"
        "events { worker_connections 1024; }\n"
        f"http {{ access_log {home}/nginx-access.log combined buffer=64k;\n"
        f"  server {{ listen 127.0.0.1:{FIRST_PORT + 2}; location / {{ empty_gif; }} }} }}\n"
    )
    return file


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with suppress(OSError):
            create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.05)
    raise SystemExit(f"nothing listens on port {port}")


def _token() -> str:
    now = int(time.time())
    sealer = Sealer(keys.load(Path("/nowhere"), KEY))
    message = MessagePart(
        transmission=1,
        message=1,
        block_time=now,
        sent_at=now,
        rcpt_to="reader@example.net",
        metadata={"uid": "u-7"},
    )
    link = LinkPart(kind=Kind.OPEN, transmission=1, campaign_id="spring", sending_domain="mail.example.org")
    return f"{sealer.message_part(message)}/{sealer.link_part(link)}"


def _hits_in_stream(url: str) -> int:
    client = Redis.from_url(url)
    hits = sum(len(stream.hit_frames(fields[stream.FIELD])) for _, fields in client.xrange(stream.STREAM))
    client.delete(stream.STREAM)
    return hits


if __name__ == "__main__":
    main()
