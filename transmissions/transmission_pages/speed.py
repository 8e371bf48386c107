"""How fast a transmission goes, from what the page itself saw in the last seconds. No Django.

Each refresh carries two samples, so that the rate is always that of the last 5 to 10 seconds and the server keeps
nothing between two of them.
"""

import re
from dataclasses import dataclass
from datetime import datetime

_WINDOW_MS = 5_000
_FORM = re.compile(r"(\d{1,15}):(\d{1,10}),(\d{1,15}):(\d{1,10})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Sample:
    """How many recipients were done (generated or failed) at a Unix time in milliseconds."""

    at_ms: int
    done: int


@dataclass(frozen=True, slots=True)
class Speed:
    """`rate` is in recipients a second, None while unknown; `samples` is what the next refresh has to send."""

    rate: float | None
    samples: str

    def seconds_left(self, waiting: int) -> int | None:
        """None while nothing moves."""
        return round(waiting / self.rate) if self.rate else None


def measure(done: int, now: datetime, carried: str) -> Speed:
    """The speed now; `carried` are the samples of the refresh before, hostile text, "" at the first."""
    current = Sample(int(now.timestamp() * 1000), done)
    older, newer = _read(carried, current)
    if current.at_ms - newer.at_ms >= _WINDOW_MS:
        older, newer = newer, current
    elapsed = (current.at_ms - older.at_ms) / 1000
    rate = (current.done - older.done) / elapsed if elapsed > 0 else None
    return Speed(rate, f"{older.at_ms}:{older.done},{newer.at_ms}:{newer.done}")


def in_words(seconds: int | None) -> str:
    """About how long: "35 s", "12 min", "3 h 05 min"; "" while unknown."""
    if seconds is None:
        return ""
    if seconds < 100:
        return f"{seconds} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    return f"{minutes // 60:,} h {minutes % 60:02} min"


def _read(carried: str, current: Sample) -> tuple[Sample, Sample]:
    found = _FORM.fullmatch(carried)
    if found is None:
        return current, current
    older, newer = Sample(int(found[1]), int(found[2])), Sample(int(found[3]), int(found[4]))
    in_order = older.at_ms <= newer.at_ms <= current.at_ms and older.done <= newer.done <= current.done
    return (older, newer) if in_order else (current, current)
