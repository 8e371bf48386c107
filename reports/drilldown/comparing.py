"""Up to five campaigns or templates beside each other: rates with their uncertainty, and time since sending."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pyroaring import BitMap64

from reports import engine, periods
from reports.metrics import percentage
from reports.pages import funnel
from reports.pages.asked import Asked
from reports.pages.state import FILTERS, Chip
from reports.periods import DAY, HOUR, QUARTER_HOUR, Precision, Window
from reports.questions import Question

MOST = 5
OPENED, CLICKED, ACCEPTED = "count_unique_confirmed_opened", "count_unique_clicked", "count_accepted"
# 95 % of a normal distribution lie within so many standard deviations.
_Z = 1.959964
_STEPS = (QUARTER_HOUR, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY)
_MOST_POINTS = 60
# Hardly anybody opens a message later.
_LONGEST = 7 * DAY


@dataclass(frozen=True, slots=True)
class Compared:
    """One campaign or template and its funnel."""

    chip: Chip
    values: dict[str, int]


@dataclass(frozen=True, slots=True)
class Curve:
    """Distinct messages opened (or clicked) up to each point, in percent of those accepted; None where not yet."""

    chip: Chip
    values: tuple[float | None, ...]


def chosen(asked: Asked) -> tuple[list[Chip], int]:
    """What is compared, and how many more were asked for.

    The campaigns among the filters, else the templates, else the campaigns with the most mail of the period.
    """
    for kind in ("campaigns", "templates"):
        chips = [chip for chip in asked.state.chips if chip.kind == kind]
        if chips:
            return chips[:MOST], len(chips) - MOST
    found = engine.grouped(asked.question(("count_targeted",), "campaign_id"))
    largest = sorted(found, key=lambda group: (-found[group]["count_targeted"], group))
    return [Chip("campaigns", name) for (name,) in largest if name][:MOST], 0


def alone(asked: Asked, chip: Chip) -> Asked:
    """The same question about one of what is compared; filters of other kinds stay in force."""
    others = tuple(other for other in asked.state.chips if other.kind != chip.kind)
    return replace(asked, state=replace(asked.state, chips=(*others, chip)))


def compared(asked: Asked, chips: Sequence[Chip]) -> list[Compared]:
    return [Compared(chip, alone(asked, chip).total(*funnel.STEPS)) for chip in chips]


def interval(part: int, whole: int) -> tuple[float, float] | None:
    """Where a rate lies with 95 % confidence, in percent (Wilson's score interval); None where it is no share."""
    if not 0 <= part <= whole or not whole:
        return None
    share, square = part / whole, _Z * _Z
    middle = (share + square / (2 * whole)) / (1 + square / whole)
    half = _Z / (1 + square / whole) * math.sqrt(share * (1 - share) / whole + square / (4 * whole * whole))
    return 100 * max(0.0, middle - half), 100 * min(1.0, middle + half)


def first_sent(asked: Asked) -> datetime | None:
    """The hour (UTC) in which mail of this question first went out in its period."""
    hours = periods.edges(Window(asked.period.start, asked.period.end), Precision.HOUR)
    edges = (asked.period.start, *(edge for edge in hours if asked.period.start < edge < asked.period.end))
    counts = engine.series(Question(("count_injected",), (*edges, asked.period.end), asked.state.filters))
    return next((edge for edge, row in zip(edges, counts, strict=True) if row["count_injected"]), None)


def curves(asked: Asked, rows: Sequence[Compared], metric: str) -> tuple[timedelta, list[Curve]]:
    """The step between points, and a curve for each of the rows that has one."""
    sent = {row.chip: first_sent(alone(asked, row.chip)) for row in rows}
    end = min(asked.period.end, asked.now)
    longest = max((min(_LONGEST, end - first) for first in sent.values() if first), default=timedelta(0))
    step = next((step for step in _STEPS if longest <= _MOST_POINTS * step), DAY)
    points = min(_MOST_POINTS, max(1, math.ceil(longest / step)))
    return step, [
        Curve(row.chip, _cumulative(alone(asked, row.chip), metric, first, step, points, row.values[ACCEPTED]))
        for row in rows
        if (first := sent[row.chip]) is not None
    ]


def _cumulative(
    asked: Asked, metric: str, first: datetime, step: timedelta, points: int, accepted: int
) -> tuple[float | None, ...]:
    end = asked.period.end
    edges = [edge for number in range(points) if (edge := first + number * step) < end]
    found = engine.tallies(Question((metric,), (*edges, min(end, first + len(edges) * step)), asked.state.filters))
    by_slot: dict[int, BitMap64] = {}
    for key, tally in found.items():
        by_slot[key.slot] = BitMap64.union(by_slot.get(key.slot, BitMap64()), *tally.messages.values())
    seen, values = BitMap64(), list[float | None]()
    for slot in range(points):
        seen |= by_slot.get(slot, BitMap64())
        has_begun = slot < len(edges) and edges[slot] <= asked.now
        values.append(percentage(len(seen), accepted) if has_begun else None)
    return tuple(values)


def label(chip: Chip) -> str:
    return f"{FILTERS[chip.kind][0]} {chip.value}"
