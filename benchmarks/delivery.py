"""Messages a second into a fast SMTP sink on loopback: the relay beside what a Python developer would pick."""

import asyncio
import smtplib
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from time import perf_counter

import aiosmtplib
import uvloop

from transmissions.delivery import Outgoing, Relay

ROUNDS = 5
SENDER, RECIPIENT = "bounce@example.org", "reader@example.com"
BODY = b"".join(b"%06d %s\r\n" % (line, b"x" * 66) for line in range(160))
MESSAGE = b"Subject: benchmark\r\nFrom: a@example.org\r\nTo: reader@example.com\r\n\r\n" + BODY


@contextmanager
def sink() -> Iterator[int]:
    """The sink in a process of its own; gives its port."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.smtp_sink"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.communicate()


def momentum(relay: Relay, count: int) -> None:
    outgoing = (Outgoing(key, SENDER, RECIPIENT, MESSAGE) for key in range(count))
    delivered = sum(outcome.result == "delivered" for batch in relay.deliver(outgoing) for outcome in batch)
    assert delivered == count


def one_smtplib(port: int, count: int) -> None:
    with smtplib.SMTP("127.0.0.1", port) as client:
        for _ in range(count):
            client.sendmail(SENDER, [RECIPIENT], MESSAGE)


def ten_aiosmtplib(port: int, count: int) -> None:
    async def connection() -> None:
        async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
            for _ in range(count // 10):
                await client.sendmail(SENDER, [RECIPIENT], MESSAGE)

    async def ten() -> None:
        await asyncio.gather(*(connection() for _ in range(10)))

    uvloop.run(ten())


def main() -> None:
    """Interleaved rounds, so that all meet the same moods of the machine; medians of rates and of ratios."""
    with sink() as port, Relay.from_url(f"smtp://127.0.0.1:{port}/?connections=10") as relay:
        subjects: dict[str, tuple[Callable[[int], None], int]] = {
            "momentum, 10 connections": (lambda count: momentum(relay, count), 10_000),
            "smtplib, 1 connection": (lambda count: one_smtplib(port, count), 1_000),
            "aiosmtplib, 10 connections": (lambda count: ten_aiosmtplib(port, count), 2_000),
        }
        rates: dict[str, list[float]] = {name: [] for name in subjects}
        for _ in range(ROUNDS):
            for name, (send, count) in subjects.items():
                started = perf_counter()
                send(count)
                rates[name].append(count / (perf_counter() - started))
    own, *peers = subjects
    print(f"{len(MESSAGE):,} bytes a message, {ROUNDS} interleaved rounds")
    print(f"{own:28} {median(rates[own]):8,.0f} messages/s")
    for peer in peers:
        ratio = median(ours / theirs for ours, theirs in zip(rates[own], rates[peer], strict=True))
        print(f"{peer:28} {median(rates[peer]):8,.0f} messages/s   momentum is {ratio:.1f} times as fast")


if __name__ == "__main__":
    main()
