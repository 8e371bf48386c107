"""A bounded load: a number of connections that ask for one URL as fast as answers come, for some seconds."""

import asyncio
import re
import shutil
import subprocess
import time
from typing import NamedTuple

CONNECTIONS = 64


class Load(NamedTuple):
    rate: float  # answers per second
    p99_ms: float
    answers: int


def run(host: str, port: int, path: str, seconds: float) -> Load:
    """By wrk where it is installed, else by connections of our own; raises RuntimeError for any answer but 200."""
    if shutil.which("wrk"):
        return _wrk(f"http://{host}:{port}{path}", seconds)
    return asyncio.run(_own(host, port, path, seconds))


def _wrk(url: str, seconds: float) -> Load:
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{round(seconds)}", "--latency", url]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise RuntimeError(text)
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()  # type: ignore[union-attr]
    return Load(
        rate=float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),  # type: ignore[index]
        p99_ms=float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit],
        answers=int(re.search(r"(\d+) requests in", text)[1]),  # type: ignore[index]
    )


async def _own(host: str, port: int, path: str, seconds: float) -> Load:
    request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()
    end = time.perf_counter() + seconds
    latencies: list[float] = []

    async def client() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        while (start := time.perf_counter()) < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(head.decode("latin-1"))
            length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
            await reader.readexactly(int(length[1]) if length else 0)
            latencies.append(time.perf_counter() - start)
        writer.close()

    started = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    latencies.sort()
    rate = len(latencies) / (time.perf_counter() - started)
    return Load(rate, latencies[int(len(latencies) * 0.99)] * 1000, len(latencies))
