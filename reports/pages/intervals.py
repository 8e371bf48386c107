"""The intervals of a graph, and the period before (contract 90 §2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from reports import periods
from reports.pages import state
from reports.pages.asked import Asked
from reports.pages.state import CUSTOM, PRESETS
from reports.periods import DAY, HOUR, MINUTE, QUARTER_HOUR, ZONED, Precision, Window

_STEPS: Mapping[Precision, timedelta] = {
    Precision.MINUTE: MINUTE,
    Precision.QUARTER_HOUR: QUARTER_HOUR,
    Precision.HOUR: HOUR,
    Precision.HALF_DAY: 12 * HOUR,
    Precision.DAY: DAY,
}
_BY_LENGTH = (
    (HOUR, Precision.MINUTE),
    (DAY, Precision.QUARTER_HOUR),
    (2 * DAY, Precision.HOUR),
    (7 * DAY, Precision.HALF_DAY),
)
# Beyond some years a day is narrower than a pixel.
_MOST_DAYS = 1000
LABELS: Mapping[Precision, str] = {
    Precision.MINUTE: "1 minute",
    Precision.QUARTER_HOUR: "15 minutes",
    Precision.HOUR: "1 hour",
    Precision.HALF_DAY: "12 hours",
    Precision.DAY: "1 day",
    Precision.MONTH: "1 month",
}


@dataclass(frozen=True, slots=True)
class Intervals:
    """The edges of the intervals; the first and the last end where the period does. `partial` are cut short."""

    precision: Precision
    edges: tuple[datetime, ...]
    partial: frozenset[int]
    # How far back the period lies that this one is compared with.
    shift: timedelta

    @property
    def before(self) -> tuple[datetime, ...]:
        """The edges of the same intervals in the period before."""
        return tuple(edge - self.shift for edge in self.edges)


def precision(length: timedelta) -> Precision:
    """The precision of a graph of that length."""
    for longest, found in _BY_LENGTH:
        if length <= longest:
            return found
    return Precision.DAY if length <= _MOST_DAYS * DAY else Precision.MONTH


def of(asked: Asked) -> Intervals:
    """The intervals of the period."""
    period, end = asked.period, state.shown_end(asked.period, asked.now)
    preset = PRESETS[asked.state.period][1] if asked.state.period != CUSTOM else None
    chosen = precision(preset or end - period.start)
    whole = periods.edges(Window(period.start, end, period.zone), chosen)
    edges = (period.start, *whole[1:-1], end)
    partial = {0} if whole[0] < edges[0] else set()
    if whole[-1] > end or end > asked.now:
        partial.add(len(edges) - 2)
    return Intervals(chosen, edges, frozenset(partial), _shift(asked, edges, chosen))


def _shift(asked: Asked, edges: tuple[datetime, ...], chosen: Precision) -> timedelta:
    """A preset is compared with the same hours of the day (and so overlaps what is before it by less than an hour),
    Last Hour and custom ranges with the whole intervals before them: rollups have their edges there."""
    if asked.state.period not in (CUSTOM, state.DEFAULT_PRESET):
        return PRESETS[asked.state.period][1]
    step = HOUR if asked.state.period == state.DEFAULT_PRESET else _STEPS.get(chosen, DAY)
    return -((edges[0] - edges[-1]) // step) * step


def label(start: datetime, intervals: Intervals, asked: Asked) -> str:
    """The beginning of an interval as people read it: hours with their offset, days in UTC."""
    local = zone(intervals, asked)
    if intervals.precision in (Precision.DAY, Precision.MONTH):
        return asked.formats.date(start, local)
    return asked.formats.moment(start, local)


def tick(start: datetime, intervals: Intervals, asked: Asked) -> str:
    """The same in a few characters, for the axis: a time, or the day where one begins."""
    here = start.astimezone(zone(intervals, asked))
    if intervals.precision not in ZONED or (here.hour, here.minute) == (0, 0):
        return asked.formats.date(start, zone(intervals, asked), short=True)
    return f"{here:%H:%M}"


def zone(intervals: Intervals, asked: Asked) -> tzinfo:
    """The zone in which the intervals are cut."""
    return asked.zone if intervals.precision in ZONED else UTC


def zone_name(intervals: Intervals, asked: Asked) -> str:
    """That zone's name."""
    return asked.zone_name if intervals.precision in ZONED else "UTC"
