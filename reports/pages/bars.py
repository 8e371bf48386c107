"""Bars that are a table: each row is read as text, and its length is seen (contract 90 §5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from reports.metrics import percentage
from reports.pages.formats import NOT_AVAILABLE, Formats

# Shades of the funnel, from dark to light.
_SHADES = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar; `rate` is in percent, None where there is none; `toggle` is the query that opens what is behind."""

    key: str
    label: str
    count: float | None
    rate: float | None
    toggle: str | None = None
    opened: bool = False


def shown(by: str, bars: Sequence[Bar], formats: Formats, unit: str = "Count") -> dict[str, Any]:
    """The bars with lengths as shares of the longest one."""
    longest = max((bar.count or 0 for bar in bars), default=0)
    return {
        "by": by,
        "unit": unit,
        "opens": any(bar.toggle is not None for bar in bars),
        "bars": [
            {
                "key": bar.key,
                "label": bar.label,
                "length": f"{percentage(bar.count or 0, longest):.2f}",
                "shade": index % _SHADES + 1,
                "count": NOT_AVAILABLE if bar.count is None else formats.count(round(bar.count)),
                "rate": NOT_AVAILABLE if bar.rate is None else formats.percent(bar.rate),
                "toggle": bar.toggle,
                "opened": bar.opened,
            }
            for index, bar in enumerate(bars)
        ],
    }
