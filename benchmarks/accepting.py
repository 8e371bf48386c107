"""Accepting 100,000 inline recipients: from the bytes of the request to checked, packed chunks.

Beside it what a Django developer would pick: `json.loads` and a DRF serializer with the same checks. Rates come
from interleaved rounds in this process; peak memory from a process of its own for each (Linux only), as a multiple
of the request.
"""

import json
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from django.conf import settings

if not settings.configured:
    settings.configure(USE_TZ=True)

from rest_framework import serializers

from transmissions.chunks import CHUNK_SIZE, packed
from transmissions.intake import Intake
from transmissions.request import read_submission

ROUNDS = 5
RECIPIENTS, PEER_RECIPIENTS = 100_000, 5_000
GOAL_RATE, GOAL_MEMORY = 50_000, 8
_CONTENT = {"from": "news@mail.example.org", "subject": "News", "text": "Hello {{name}}, see https://shop.test/x"}


def make_request(count: int) -> bytes:
    """A request whose recipients have a name, a tag, metadata and substitution data each."""
    people = [
        {
            "address": {"email": f"reader{number}@mail{number % 97}.example.net", "name": f"Reader {number}"},
            "tags": ["reader"],
            "metadata": {"uid": f"u-{number}", "plan": "basic"},
            "substitution_data": {"name": f"Reader {number}", "city": "Faro", "points": number},
        }
        for number in range(count)
    ]
    return json.dumps({"campaign_id": "spring", "content": _CONTENT, "recipients": people}).encode()


def of_momentum(body: bytes) -> int:
    """Recipients accepted."""
    intake = Intake(read_submission(body, timedelta(days=365)).recipients, None)
    return sum(size for size, _ in packed(intake))


class Address(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    name = serializers.CharField(required=False, allow_blank=True, max_length=1024)
    header_to = serializers.CharField(required=False, allow_blank=True)


def bounded(limit: int) -> Callable[[Any], None]:
    def check(value: Any) -> None:
        if len(json.dumps(value)) > limit:
            raise serializers.ValidationError("too large")

    return check


class Recipient(serializers.Serializer[Any]):
    address = Address()
    return_path = serializers.EmailField(required=False)
    tags = serializers.ListField(child=serializers.CharField(), required=False, max_length=10)
    metadata = serializers.DictField(required=False, validators=[bounded(10 * 1024)])
    substitution_data = serializers.DictField(required=False, validators=[bounded(100 * 1024)])


class Transmission(serializers.Serializer[Any]):
    campaign_id = serializers.CharField(max_length=64)
    content = serializers.DictField()
    recipients = Recipient(many=True, allow_empty=False)


def of_serializer(body: bytes) -> int:
    """Recipients accepted, stored in chunks like ours."""
    request = Transmission(data=json.loads(body))
    request.is_valid(raise_exception=True)
    people = request.validated_data["recipients"]
    chunks = [
        zlib.compress(json.dumps(people[start : start + CHUNK_SIZE]).encode(), 1)
        for start in range(0, len(people), CHUNK_SIZE)
    ]
    return len(people) if chunks else 0


SUBJECTS: dict[str, tuple[Callable[[bytes], int], int]] = {
    "momentum": (of_momentum, RECIPIENTS),
    "json.loads + DRF serializer": (of_serializer, PEER_RECIPIENTS),
}


def rates() -> dict[str, list[float]]:
    """Recipients a second of each, round by round."""
    bodies = {count: make_request(count) for _, count in SUBJECTS.values()}
    found: dict[str, list[float]] = {name: [] for name in SUBJECTS}
    for _ in range(ROUNDS):
        for name, (accept, count) in SUBJECTS.items():
            started = perf_counter()
            assert accept(bodies[count]) == count
            found[name].append(count / (perf_counter() - started))
    return found


def peak_memory(name: str, file: Path) -> float:
    """Peak memory of accepting the request in `file`, the request itself included, as a multiple of its size."""
    command = [sys.executable, "-m", "benchmarks.accepting", name, str(file)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _measure_memory(name: str, file: Path) -> None:
    accept, _ = SUBJECTS[name]
    accept(make_request(10))
    before = _peak()
    body = file.read_bytes()
    accept(body)
    print((_peak() - before) / len(body))


def _peak() -> int:
    # Not ru_maxrss, which a process inherits from the one that started it (getrusage(2)).
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def main() -> None:
    own, peer = SUBJECTS
    found = rates()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "request.json"
        file.write_bytes(make_request(RECIPIENTS))
        size = file.stat().st_size
        memory = {name: peak_memory(name, file) for name in SUBJECTS}
    ratio = median(ours / theirs for ours, theirs in zip(found[own], found[peer], strict=True))
    print(f"{RECIPIENTS:,} recipients, {size / 2**20:.1f} MiB, {ROUNDS} interleaved rounds")
    for name in SUBJECTS:
        print(f"{name:30} {median(found[name]):9,.0f} recipients/s   peak memory {memory[name]:.1f} × the request")
    print(f"momentum is {ratio:.0f} times as fast, with {memory[own] / memory[peer]:.2f} of the memory")
    for goal, reached in (
        (f"at least {GOAL_RATE:,} recipients/s", median(found[own]) >= GOAL_RATE),
        (f"peak memory below {GOAL_MEMORY} × the request", memory[own] < GOAL_MEMORY),
    ):
        print(f"goal {goal}: {'reached' if reached else 'MISSED'}")


if __name__ == "__main__":
    _measure_memory(sys.argv[1], Path(sys.argv[2]))
