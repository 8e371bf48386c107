"""What is killed while it works: workers, Redis, parts of the program. Everything still goes out, nobody is counted
twice, and the program says what happened.
"""

import contextlib
import json
import os
import re
import signal
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from momentum import embedded
from tests.program import Program, eventually, running, start

pytestmark = pytest.mark.program

# Short leases, so that a test does not wait 90 seconds for the work of a killed worker.
LEASE = {"WORK_LEASE_SECONDS": "15"}
MANY = 2000
_PARTS = ("postgresql", "redis", "sandbox", "tracker", "recorder", "worker", "beat", "web")


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with running(**LEASE) as program:
        yield program


def submit(program: Program, campaign: str, count: int = MANY) -> str:
    body = {
        "campaign_id": campaign,
        "recipients": [{"address": f"{campaign}{number}@example.net"} for number in range(count)],
        "content": {"from": "a@b.test", "subject": "x", "text": "https://shop.test/x " + "y" * 4000},
    }
    headers = {"Authorization": program.api_key, "Content-Type": "application/json"}
    request = urllib.request.Request(f"{program.url}/api/v1/transmissions", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return str(json.load(answer)["results"]["id"])


def shown(program: Program, transmission_id: str) -> dict[str, Any]:
    url = f"{program.url}/api/v1/transmissions/{transmission_id}"
    with urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": program.api_key})) as answer:
        return dict(json.load(answer)["results"]["transmission"])


def query(program: Program, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Rows from the program's own PostgreSQL, through its socket."""
    where = embedded.database_settings(program.home)
    with psycopg.connect(host=str(where["HOST"]), user=str(where["USER"]), dbname=str(where["NAME"])) as connection:
        return connection.execute(sql, values).fetchall()


def events(program: Program, campaign: str) -> Counter[str]:
    sql = "SELECT type, count(*) FROM tracking_event WHERE campaign_id = %s GROUP BY type"
    return Counter(dict(query(program, sql, campaign)))  # type: ignore[arg-type]


def children(of: int) -> list[int]:
    """The processes that `of` has started and that still run."""
    with contextlib.suppress(FileNotFoundError):
        return [int(pid) for pid in Path(f"/proc/{of}/task/{of}/children").read_text().split()]
    return []


def command(pid: int) -> str:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def part(program: Program, words: str) -> int:
    """The process of one part of the program, found by words of its command line."""
    (pid,) = [pid for pid in children(program.process.pid) if words in command(pid)]
    return pid


def all_below(pid: int) -> set[int]:
    return {pid}.union(*(all_below(child) for child in children(pid)))


def wait_for_the_middle(program: Program, campaign: str) -> None:
    eventually(lambda: events(program, campaign)["delivery"] > 100)


def everything_went_out_once(program: Program, campaign: str, transmission_id: str, count: int = MANY) -> None:
    eventually(lambda: shown(program, transmission_id)["state"] == "Success", timeout=120)
    eventually(lambda: events(program, campaign)["delivery"] == count, timeout=30)
    assert events(program, campaign) == {"injection": count, "delivery": count}
    per_recipient = "SELECT count(DISTINCT rcpt_to), max(n) FROM (SELECT rcpt_to, type, count(*) AS n "
    per_recipient += "FROM tracking_event WHERE campaign_id = %s GROUP BY rcpt_to, type) AS counted"
    assert query(program, per_recipient, campaign) == [(count, 1)]
    told = shown(program, transmission_id)
    assert (told["num_generated"], told["num_failed_gen"]) == (count, 0)
    arrived = Counter(one.rcpt_to for one in program.mail() if one.rcpt_to.startswith(campaign))
    assert len(arrived) == count


def test_a_killed_worker_child_loses_nobody_and_counts_nobody_twice(program: Program) -> None:
    transmission_id = submit(program, "child")
    wait_for_the_middle(program, "child")
    for child in children(part(program, "celery -A momentum worker")):
        os.kill(child, signal.SIGKILL)
    assert shown(program, transmission_id)["num_generated"] < MANY
    everything_went_out_once(program, "child", transmission_id)


def test_a_killed_worker_is_announced_and_started_again(program: Program) -> None:
    transmission_id = submit(program, "worker")
    wait_for_the_middle(program, "worker")
    worker = part(program, "celery -A momentum worker")
    for pid in all_below(worker):
        os.kill(pid, signal.SIGKILL)
    assert shown(program, transmission_id)["num_generated"] < MANY
    eventually(lambda: "worker ended (killed by SIGKILL), starting it again in 1 s; see " in program.screen)
    everything_went_out_once(program, "worker", transmission_id)
    assert part(program, "celery -A momentum worker") != worker


def test_redis_may_be_killed_and_emptied_after_acceptance(program: Program) -> None:
    # Nothing is generated before Redis, and every hint in it, is gone.
    start_at = query(program, "SELECT now() + interval '4 seconds'")[0][0].isoformat()
    body = {
        "campaign_id": "redis",
        "options": {"start_time": start_at},
        "recipients": [{"address": f"redis{number}@example.net"} for number in range(MANY)],
        "content": {"from": "a@b.test", "subject": "x", "text": "x"},
    }
    headers = {"Authorization": program.api_key, "Content-Type": "application/json"}
    request = urllib.request.Request(f"{program.url}/api/v1/transmissions", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        transmission_id = json.load(answer)["results"]["id"]
    at_once = submit(program, "away")
    empty_redis(program)
    eventually(lambda: re.search(r"redis ended \(killed by SIGKILL\), starting it again", program.screen))
    everything_went_out_once(program, "away", at_once)
    everything_went_out_once(program, "redis", transmission_id)


def empty_redis(program: Program) -> None:
    """Kill Redis and delete its append-only file before the supervisor starts it again."""
    pid = part(program, str(embedded.redis_socket(program.home)))
    os.kill(pid, signal.SIGKILL)
    for file in sorted((program.home / "redis" / "appendonlydir").glob("*")):
        file.unlink(missing_ok=True)


def test_mail_is_accepted_while_redis_is_away(program: Program) -> None:
    empty_redis(program)
    transmission_id = submit(program, "without", 10)
    everything_went_out_once(program, "without", transmission_id, 10)


@pytest.mark.parametrize("with_signal", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_every_process_also_after_a_crash_and_all_data_is_kept(
    tmp_path: Path, with_signal: signal.Signals
) -> None:
    tmp_path.chmod(0o755)
    home = tmp_path / "home"
    first = start(home, **LEASE)
    try:
        transmission_id = submit(first, "kept", 20)
        eventually(lambda: events(first, "kept")["delivery"] == 20)
        os.kill(part(first, "manage.py record"), signal.SIGKILL)
        eventually(lambda: "recorder ended (killed by SIGKILL), starting it again" in first.screen)
        eventually(lambda: [pid for pid in children(first.process.pid) if "manage.py record" in command(pid)])
        started = all_below(first.process.pid)
        assert len(children(first.process.pid)) == len(_PARTS)
        assert first.stop(with_signal) == 0
    finally:
        if first.process.poll() is None:
            first.stop()
    assert "does not end by itself" not in first.screen
    left = {pid: command(pid) for pid in started if command(pid)}
    assert left == {}
    with running(home, **LEASE) as second:
        second.lines.extend(line for line in first.lines if "API key" in line)
        assert shown(second, transmission_id)["num_generated"] == 20
        assert events(second, "kept")["delivery"] == 20
        assert "as before" in second.screen
        transmission_id = submit(second, "more", 5)
        everything_went_out_once(second, "more", transmission_id, 5)
