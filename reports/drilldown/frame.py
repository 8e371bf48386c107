"""The frame of these pages: period, filters and hits as on Engagement, and what a page adds to its address."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest

from reports.pages import asked, presentation
from reports.pages.asked import Asked
from reports.pages.formats import Formats
from reports.periods import Window

Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Reading:
    """One request: what its address says of period, filters and hits, and who reads."""

    asked: Asked

    @property
    def has_window(self) -> bool:
        return isinstance(self.asked.window, Window)

    @property
    def window(self) -> Window:
        """The period; only where `has_window`."""
        return self.asked.period

    @property
    def formats(self) -> Formats:
        return self.asked.formats

    def address(self, *fields: tuple[str, str]) -> str:
        """The query string of this period, these filters and what a page adds."""
        return "&".join(filter(None, (kept_query(self.asked), urlencode(fields))))


def kept_query(one: Asked) -> str:
    """Period, filters and hits; not what belongs to the table that the reader came from."""
    return one.state.elsewhere().query(size=False)


def read(request: HttpRequest) -> Reading:
    """What a request asks for."""
    return Reading(asked.read(request))


def context(request: HttpRequest, reading: Reading, title: str, kept: Fields = ()) -> dict[str, Any]:
    """What the template of every page needs; `kept` are the names and values that the page itself adds."""
    shown = {
        **admin.site.each_context(request),
        "title": title,
        **presentation.controls(reading.asked),
        "kept": list(kept),
        "kept_query": f"&{urlencode(kept)}" if kept else "",
        "zone_name": reading.asked.zone_name,
        "frame_query": kept_query(reading.asked),
    }
    if not reading.has_window:
        return {**shown, "error": reading.asked.window}
    return {**shown, **presentation.period(reading.asked)}
