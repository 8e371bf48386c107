"""Reasons, classifications and attempts of the metrics API (contract 80 §6, §8)."""

from django.http import HttpResponse
from rest_framework.request import Request

from momentum.api.responses import ok
from reports import reasons
from reports.api import parameters
from reports.api.views import MetricsView, pick, total_edges
from reports.questions import DETAIL, Question


class Bounces(MetricsView):
    """By classification, and by what `group_by` adds: the reason, the domain."""

    group_by: tuple[str, ...] = ()

    def get(self, request: Request) -> HttpResponse:
        asked = parameters.metrics(request, reasons.BOUNCE_METRICS)
        names = tuple(name for name in asked if name in reasons.BOUNCE_METRICS)
        order = names[0] if names else "count_bounce"
        found = reasons.bounces(_question(request, reasons.BOUNCE_METRICS, self.group_by))
        rows = [row for row in found if "count_admin_bounce" in names or not reasons.is_admin(row)]
        rows.sort(key=lambda row: (-row.values[order], row.group, row.code))
        shown = [
            reasons.present_bounce(row, self.group_by, pick(row.values, names))
            for row in rows[: parameters.limit(request)]
        ]
        return ok(shown)


class Rejections(MetricsView):
    group_by: tuple[str, ...] = (DETAIL,)

    def get(self, request: Request) -> HttpResponse:
        rows = reasons.rejections(_question(request, ("count_rejected",), self.group_by))
        rows.sort(key=lambda row: (-row.values["count_rejected"], row.group, row.code))
        return ok([reasons.present_rejection(row, self.group_by) for row in rows[: parameters.limit(request)]])


class Delays(MetricsView):
    group_by: tuple[str, ...] = (DETAIL,)

    def get(self, request: Request) -> HttpResponse:
        rows = reasons.delays(_question(request, reasons.DELAY_METRICS, self.group_by))
        rows.sort(key=lambda row: (-row.values["count_delayed"], row.group))
        return ok([reasons.present_delay(row, self.group_by) for row in rows[: parameters.limit(request)]])


class Attempts(MetricsView):
    def get(self, request: Request) -> HttpResponse:
        rows = reasons.attempts(_question(request, ("count_delivered",), ()))
        rows.sort(key=lambda row: row.code)
        return ok([{"attempt": "3+" if row.code == 3 else str(row.code), **row.values} for row in rows])


def _question(request: Request, names: tuple[str, ...], group_by: tuple[str, ...]) -> Question:
    return Question(names, total_edges(request), parameters.filters(request), group_by)
