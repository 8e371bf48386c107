"""Totals, groupings, time series, links and lists of the metrics API (contract 80 §2, §5, §7, §10)."""

from datetime import datetime, tzinfo
from typing import Any, ClassVar

from django.conf import settings
from django.http import HttpResponse
from rest_framework.request import Request

from momentum.api import parameters as query
from momentum.api.responses import ok
from momentum.api.views import ApiView
from reports import engine, listings, query_filters
from reports.api import parameters
from reports.periods import edges, rounded
from reports.questions import DETAIL, Filters, Question, equal

VIEW: dict[str, tuple[str, ...]] = {"GET": ("metrics/view",)}
LINK_METRICS = ("count_clicked", "count_raw_clicked", "count_raw_clicked_approx")
# Where WATCHED_DOMAINS is not set: large mailbox providers open to everyone.
_WATCHED = ("aol.com", "gmail.com", "hotmail.com", "icloud.com", "live.com", "outlook.com", "yahoo.com")


class MetricsView(ApiView):
    """What all of these share: one grant, no change of state, X-MSYS-SUBACCOUNT ignored."""

    grants: ClassVar[dict[str, tuple[str, ...]]] = VIEW
    ignores_subaccount = True


class Fixed(MetricsView):
    """An answer that depends on nothing."""

    answer: dict[str, Any] = {}

    def get(self, request: Request) -> HttpResponse:
        return ok(**self.answer)


class Total(MetricsView):
    """Exactly one row, whatever there is."""

    links: list[dict[str, str]] = []

    def get(self, request: Request) -> HttpResponse:
        names, filters = parameters.metrics(request), parameters.filters(request)
        values = engine.total(Question(names, total_edges(request), filters))
        return ok([values], links=self.links)


class Grouping(MetricsView):
    """One row for each value of a dimension that has anything to show."""

    field = ""
    key = ""

    def get(self, request: Request) -> HttpResponse:
        names, filters = parameters.metrics(request), self.filters(request)
        order, limit = parameters.order_by(request, names[0]), parameters.limit(request)
        needed = tuple(dict.fromkeys((*names, order)))
        found = engine.grouped(Question(needed, total_edges(request), filters, (self.field,)))
        rows = [(group[0], values) for group, values in found.items() if any(values[name] for name in names)]
        rows.sort(key=lambda row: (-row[1][order], row[0]))
        return ok([{self.key: self.shown(value), **pick(values, names)} for value, values in rows[:limit]])

    def filters(self, request: Request) -> Filters:
        return parameters.filters(request)

    def shown(self, value: str) -> str | int:
        return value


class Subaccounts(Grouping):
    def shown(self, value: str) -> int:
        return int(value)


class WatchedDomains(Grouping):
    """Recipient domains of a configured list."""

    def filters(self, request: Request) -> Filters:
        watched: tuple[str, ...] = tuple(getattr(settings, "WATCHED_DOMAINS", _WATCHED))
        return Filters((*parameters.filters(request).groups, equal("recipient_domain", watched)))


class TimeSeries(MetricsView):
    """One row for each bucket of the rounded window, zeros included."""

    def get(self, request: Request) -> HttpResponse:
        names, filters = parameters.metrics(request), parameters.filters(request)
        window, precision = parameters.series_window(request)
        buckets = edges(window, precision)
        rows = engine.series(Question(names, buckets, filters))
        return ok(
            [{"ts": _stamp(start, window.zone), **values} for start, values in zip(buckets, rows, strict=False)]
        )


class Links(MetricsView):
    """Clicks on each link."""

    def get(self, request: Request) -> HttpResponse:
        asked = parameters.metrics(request)
        names = tuple(name for name in asked if name in LINK_METRICS)
        needed = tuple(dict.fromkeys((*names, "count_clicked")))
        order = "count_clicked" if "count_clicked" in names or not names else names[0]
        filters, limit = parameters.filters(request), parameters.limit(request)
        found = engine.grouped(Question(needed, total_edges(request), filters, (DETAIL,)))
        rows = sorted(found.items(), key=lambda row: (-row[1][order], row[0]))
        return ok([{"link_name": group[0], **pick(values, names)} for group, values in rows[:limit]])


class Listing(MetricsView):
    """The values of one dimension that occur in the data."""

    name = ""
    field = ""

    def get(self, request: Request) -> HttpResponse:
        start, end = parameters.list_window(request)
        match, limit = query.text(request, "match") or "", parameters.limit(request, default=None)
        if not self.field:
            return ok({self.name: []})
        found = listings.occurring(self.field, start=start, end=end, match=match, limit=limit)
        return ok({self.name: found})


class FilterSchema(MetricsView):
    def get(self, request: Request) -> HttpResponse:
        return ok(query_filters.schema())


def total_edges(request: Request) -> tuple[datetime, datetime]:
    """The window of a total, rounded if a precision was given."""
    window, precision = parameters.window(request)
    whole = window if precision is None else rounded(window, precision)
    return whole.start, whole.end


def pick(values: dict[str, int], names: tuple[str, ...]) -> dict[str, int]:
    return {name: values[name] for name in names}


def _stamp(start: datetime, local: tzinfo) -> str:
    return start.astimezone(local).isoformat(timespec="seconds")
