"""The engagement funnel: four steps, their shares, and the shape that shows them (contract 90 §6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from reports.metrics import METRICS, percentage

STEPS = ("count_targeted", "count_accepted", "count_unique_confirmed_opened", "count_unique_clicked")

# The shape is drawn in a box of this size and stretched to the page.
WIDTH, HEIGHT = 400, 160
# A step without anything still leaves a line.
_THINNEST = 0.02
# Shares of the box that a number needs: its height where the shape runs across the page, and the width of one
# of its characters where it runs down.
_LINE, _CHARACTER = 0.30, 0.075


@dataclass(frozen=True, slots=True)
class Step:
    """One step: its number, and that number as a share (percent) of Targeted, of Accepted, of the step before.

    `across` and `down` are the corners of its shape, drawn from left to right and from top to bottom; `start` and
    `end` are the shares of the box that it takes where it begins and ends.
    """

    name: str
    label: str
    description: str
    value: int
    of_targeted: float
    of_accepted: float
    of_previous: float
    start: float
    end: float
    across: str
    down: str

    @property
    def fits_across(self) -> bool:
        """Whether the number fits inside, near the beginning."""
        return 0.6 * self.start + 0.4 * self.end >= _LINE

    def fits_down(self, number: str) -> bool:
        """Whether the number as written fits inside, at a third of the height."""
        return 0.65 * self.start + 0.35 * self.end >= _CHARACTER * len(number)


def steps(values: Mapping[str, int]) -> list[Step]:
    """The steps of the funnel. Later ones may be larger than earlier ones: every event counts at its own time."""
    counts = [values[name] for name in STEPS]
    widest = max(counts) or 1
    shares = [max(count / widest, _THINNEST) for count in counts]
    sides = list(pairwise([*shares, shares[-1]]))
    return [
        Step(
            name,
            METRICS[name].label,
            METRICS[name].description,
            counts[index],
            percentage(counts[index], counts[0]),
            percentage(counts[index], counts[1]),
            percentage(counts[index], counts[max(index - 1, 0)]),
            *sides[index],
            _across(index, *sides[index]),
            _down(index, *sides[index]),
        )
        for index, name in enumerate(STEPS)
    ]


def _across(index: int, left: float, right: float) -> str:
    part = WIDTH / len(STEPS)
    x, middle = index * part, HEIGHT / 2
    return _points(
        (x, middle * (1 - left)),
        (x + part, middle * (1 - right)),
        (x + part, middle * (1 + right)),
        (x, middle * (1 + left)),
    )


def _down(index: int, top: float, bottom: float) -> str:
    part = WIDTH / len(STEPS)
    y, middle = index * part, HEIGHT / 2
    return _points(
        (middle * (1 - top), y),
        (middle * (1 + top), y),
        (middle * (1 + bottom), y + part),
        (middle * (1 - bottom), y + part),
    )


def _points(*corners: tuple[float, float]) -> str:
    return " ".join(f"{x:.2f},{y:.2f}" for x, y in corners)
