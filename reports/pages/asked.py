"""One request for a report page: its address, the reader's zone and language, the window."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from django.http import HttpRequest
from django.utils.translation import get_language_from_request

from momentum.lib import clock
from reports import engine, periods
from reports.pages import measures, state
from reports.pages.formats import Formats
from reports.pages.measures import Measure
from reports.pages.state import Sorting, State
from reports.periods import Window
from reports.questions import Question

ZONE_COOKIE, SIZE_COOKIE = "momentum_zone", "momentum_page_size"


@dataclass(frozen=True, slots=True)
class Asked:
    """What one request asks for: its state, the reader's zone and language, the window or what is wrong with it."""

    state: State
    zone_name: str
    zone: tzinfo
    formats: Formats
    now: datetime
    window: Window | str

    @property
    def period(self) -> Window:
        """The window; only where there is nothing wrong with it."""
        assert isinstance(self.window, Window)
        return self.window

    def question(self, metrics: tuple[str, ...], *group_by: str) -> Question:
        """Metrics over the period under the filters in force."""
        return Question(metrics, (self.period.start, self.period.end), self.state.filters, group_by)

    def total(self, *metrics: str) -> dict[str, int]:
        return engine.total(self.question(metrics))

    def figure(self, measure: Measure, values: dict[str, int]) -> float | None:
        """A measure's value; None where it does not support a filter in force."""
        return measures.figure(measure, values, self.state.filters.fields)


def read(request: HttpRequest, sorting: Sorting = state.LINKS) -> Asked:
    """What a request asks for; it never fails."""
    found = state.read(request.GET, request.COOKIES.get(SIZE_COOKIE, ""), sorting)
    cookie = request.COOKIES.get(ZONE_COOKIE, "").replace("%2F", "/")
    name = next((name for name in (found.zone, cookie) if periods.zone(name) is not None), "UTC")
    local = periods.zone(name) or UTC
    now = clock.now()
    formats = Formats(get_language_from_request(request))
    return Asked(found, name, local, formats, now, state.window(found, local, now))
