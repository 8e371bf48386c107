"""The frame of these pages: period, filters and hits as on Engagement, and what a page adds to its address."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import get_language_from_request

from momentum.lib import clock
from reports import periods
from reports.pages import presentation, state
from reports.pages.formats import Formats
from reports.pages.presentation import Asked
from reports.pages.views import SIZE_COOKIE, ZONE_COOKIE
from reports.periods import Window

Fields = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Reading:
    """One request: what its address says of period, filters and hits, and who reads."""

    asked: Asked
    has_window: bool

    @property
    def window(self) -> Window:
        """The period; only where `has_window`."""
        assert isinstance(self.asked.window, Window)
        return self.asked.window

    @property
    def formats(self) -> Formats:
        return self.asked.formats

    def address(self, *fields: tuple[str, str]) -> str:
        """The query string of this period, these filters and what a page adds."""
        return "&".join(filter(None, (kept_query(self.asked), urlencode(fields))))


def kept_query(asked: Asked) -> str:
    """Period, filters and hits; not the sorting and the page of the table that the reader came from."""
    return asked.state.query(without=("sort", "page", "size"))


def read(request: HttpRequest) -> Reading:
    """What a request asks for."""
    found = state.read(request.GET, request.COOKIES.get(SIZE_COOKIE, ""))
    cookie = request.COOKIES.get(ZONE_COOKIE, "").replace("%2F", "/")
    name = next((name for name in (found.zone, cookie) if periods.zone(name) is not None), "UTC")
    local = periods.zone(name) or UTC
    now = clock.now()
    window = state.window(found, local, now)
    asked = Asked(found, name, local, Formats(get_language_from_request(request)), now, window)
    return Reading(asked, isinstance(window, Window))


def context(request: HttpRequest, reading: Reading, title: str, kept: Fields = ()) -> dict[str, Any]:
    """What the template of every page needs; `kept` are the names and values that the page itself adds."""
    asked = reading.asked
    shown = {
        **admin.site.each_context(request),
        "title": title,
        **presentation.controls(asked),
        "kept": list(kept),
        "kept_query": f"&{urlencode(kept)}" if kept else "",
        "zone_name": asked.zone_name,
        "frame_query": kept_query(asked),
    }
    if not reading.has_window:
        return {**shown, "error": asked.window}
    window = reading.window
    return {
        **shown,
        "period_start": asked.formats.moment(window.start, asked.zone),
        "period_end": asked.formats.moment(state.shown_end(window, asked.now), asked.zone),
        "reaches_now": window.end > asked.now,
    }
