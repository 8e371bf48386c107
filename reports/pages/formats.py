"""Figures and times as people read them, in the language of their browser (contract 90 §1, §7)."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.utils import formats, translation

_NO_BREAK_SPACE = "\u00a0"


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

    def moment(self, value: datetime, local: tzinfo) -> str:
        """Date, time and offset from UTC: around a change of clocks an hour comes twice."""
        here = value.astimezone(local)
        with translation.override(self.language):
            date = formats.date_format(here, "DATE_FORMAT")
        offset = f"{here:%z}"
        return f"{date}, {here:%H:%M} {offset[:3]}:{offset[3:5]}"
