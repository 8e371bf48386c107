"""Windows of time: parsing, rounding to a precision, and the buckets of a series (contract 80 §5)."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
QUARTER_HOUR = timedelta(minutes=15)

_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,6})?)?(Z?))?", re.ASCII)
# Time zones shift an instant by up to a day; these bounds keep every calculation inside of `datetime`.
_FIRST_YEAR, _LAST_YEAR = 1970, 9997


class Precision(StrEnum):
    MINUTE = "1min"
    FIVE_MINUTES = "5min"
    QUARTER_HOUR = "15min"
    HOUR = "hour"
    HALF_DAY = "12hr"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


_STEPS = {
    Precision.MINUTE: MINUTE,
    Precision.FIVE_MINUTES: 5 * MINUTE,
    Precision.QUARTER_HOUR: QUARTER_HOUR,
    Precision.HOUR: HOUR,
    Precision.HALF_DAY: 12 * HOUR,
    Precision.DAY: DAY,
}
LONGEST = {
    Precision.MINUTE: 24 * HOUR,
    Precision.FIVE_MINUTES: 24 * HOUR,
    Precision.QUARTER_HOUR: 48 * HOUR,
    Precision.HOUR: 31 * DAY,
}
# Only these follow the caller's time zone; longer ones are in UTC (contract 80 §5).
ZONED = frozenset({Precision.MINUTE, Precision.FIVE_MINUTES, Precision.QUARTER_HOUR, Precision.HOUR})
SERIES_ONLY = frozenset({Precision.HALF_DAY, Precision.WEEK, Precision.MONTH})


@dataclass(frozen=True, slots=True)
class Window:
    """Instants `start` <= t < `end`, and the zone in which its buckets are cut."""

    start: datetime
    end: datetime
    zone: tzinfo = UTC

    @property
    def length(self) -> timedelta:
        return self.end - self.start


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo | None:
    """The IANA time zone of that name; None if there is none."""
    # Looked up by name first: a name is also a path for zoneinfo.
    return ZoneInfo(name) if name in available_timezones() else None


def parse(text: str, local: tzinfo) -> datetime | None:
    """`YYYY-MM-DD[THH:MM[:SS][Z]]` in the zone `local`, or in UTC with `Z`; None if it is no such date.

    A local time that does not exist moves forward by the gap; of one that comes twice, the first is meant.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(piece or 0) for piece in found.groups()[:6])
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=UTC if found[7] else local)
    except ValueError:
        return None
    return moment.astimezone(UTC)


def default_precision(length: timedelta) -> Precision:
    """The precision of a series that names none, by the length of its window."""
    for longest, precision in (
        (8 * HOUR, Precision.MINUTE),
        (10 * DAY, Precision.HOUR),
        (33 * DAY, Precision.DAY),
        (190 * DAY, Precision.WEEK),
    ):
        if length <= longest:
            return precision
    return Precision.MONTH


def running_end(now: datetime) -> datetime:
    """Where a window ends that reaches the present: behind the running quarter hour.

    Nothing has happened after `now`, so this changes no figure; it lets rollups alone answer.
    """
    return floor(now, QUARTER_HOUR, UTC) + QUARTER_HOUR


def rounded(window: Window, precision: Precision) -> Window:
    """The window with its start moved down and its end up to a multiple of the precision."""
    buckets = edges(window, precision)
    return Window(buckets[0], buckets[-1], window.zone)


def edges(window: Window, precision: Precision) -> tuple[datetime, ...]:
    """The edges of the buckets that touch the window, ascending: one more than there are buckets."""
    local = window.zone if precision in ZONED else UTC
    found = [_start(window.start, precision, local)]
    while found[-1] < window.end or len(found) < 2:
        found.append(_next(found[-1], precision, local))
    return tuple(found)


def floor(moment: datetime, step: timedelta, local: tzinfo) -> datetime:
    """The last multiple of `step` on the clock of the zone `local`, as an instant in UTC."""
    clock = moment.astimezone(local)
    past = timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second, microseconds=clock.microsecond)
    return moment.astimezone(UTC) - past % step


def _start(moment: datetime, precision: Precision, local: tzinfo) -> datetime:
    if precision in _STEPS:
        return floor(moment, _STEPS[precision], local)
    midnight = floor(moment, DAY, UTC)
    if precision is Precision.WEEK:
        return midnight - midnight.weekday() * DAY
    return midnight.replace(day=1)


def _next(start: datetime, precision: Precision, local: tzinfo) -> datetime:
    if precision is Precision.MONTH:
        return (start + 31 * DAY).replace(day=1)
    if precision is Precision.WEEK:
        return start + 7 * DAY
    step = _STEPS[precision]
    # Where clocks shift by half an hour, hours go on at the new full hour.
    aligned = floor(start + step, step, local)
    return aligned if aligned > start else start + step
