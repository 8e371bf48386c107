"""Figures and times as people read them, in the language of their browser (contract 90 §1, §7)."""

import math
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils import formats, translation

from reports.metrics import Unit

NOT_AVAILABLE = "N/A"
_NO_BREAK_SPACE = "\u00a0"
_SIGNS = {Unit.COUNT: "", Unit.MILLISECONDS: f"{_NO_BREAK_SPACE}ms", Unit.BYTES: f"{_NO_BREAK_SPACE}B"}
# Unit -> (what one step of a prefix stands for, the unit with each prefix)
_STEPS = {Unit.MILLISECONDS: (1000, ("s",)), Unit.BYTES: (1024, ("KiB", "MiB", "GiB", "TiB"))}


@dataclass(frozen=True, slots=True)
class Formats:
    """How one reader's language writes numbers, percentages and times."""

    language: str

    def count(self, value: int) -> str:
        """With thousands separators."""
        with translation.override(self.language):
            return formats.number_format(value, force_grouping=True)

    def percent(self, value: float, *, aligned: bool = False) -> str:
        """With one decimal; where it would be 0, only in columns (`aligned`)."""
        rounded = round(float(value), 1)
        decimals = 0 if rounded.is_integer() and not aligned else 1
        with translation.override(self.language):
            text = formats.number_format(rounded, decimals, force_grouping=True)
        # English sets the sign close (CLDR, percentFormats); most other languages do not.
        return f"{text}%" if self.language.startswith("en") else f"{text}{_NO_BREAK_SPACE}%"

    def decimal(self, value: float) -> str:
        """With at most one decimal."""
        with translation.override(self.language):
            return formats.number_format(round(value, 1), 1, force_grouping=True)

    def date(self, value: datetime, local: tzinfo, *, short: bool = False) -> str:
        """The day, without its year where it is to be `short`."""
        with translation.override(self.language):
            return formats.date_format(value.astimezone(local), "MONTH_DAY_FORMAT" if short else "DATE_FORMAT")

    def value(self, value: float | None, unit: Unit) -> str:
        """A figure with its unit; milliseconds and bytes are rounded to integers. None is a figure there is not."""
        if value is None:
            return NOT_AVAILABLE
        if unit is Unit.PERCENT:
            return self.percent(value)
        return f"{self.count(round(value))}{_SIGNS[unit]}"

    def hint(self, value: float | None, unit: Unit) -> str:
        """The same figure with a prefix to its unit, where that is easier to read; else ""."""
        if value is None or unit not in _STEPS or value < _STEPS[unit][0]:
            return ""
        step, signs = _STEPS[unit]
        power = min(int(math.log(value, step)), len(signs))
        with translation.override(self.language):
            text = formats.number_format(value / step**power, 1, force_grouping=True)
        return f"{text}{_NO_BREAK_SPACE}{signs[power - 1]}"

    def moment(self, value: datetime, local: tzinfo) -> str:
        """Date, time and offset from UTC: around a change of clocks an hour comes twice."""
        here = value.astimezone(local)
        with translation.override(self.language):
            date = formats.date_format(here, "DATE_FORMAT")
        offset = f"{here:%z}"
        return f"{date}, {here:%H:%M} {offset[:3]}:{offset[3:5]}"
