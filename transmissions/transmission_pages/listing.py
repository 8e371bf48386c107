"""The list of transmissions: newest first, its counts in one query for the rows of a page."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.views import ChangeList

from transmissions.models import Transmission
from transmissions.progress import counts_of

_RECENT, _MOST_CAMPAIGNS = 1000, 30
_PAUSED = "paused"


class StateFilter(admin.SimpleListFilter):
    """The contract's states, and whether it is paused."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [*((str(value), str(label)) for value, label in Transmission.State.choices), (_PAUSED, "Paused")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == _PAUSED:
            return queryset.filter(is_paused=True)
        return queryset.filter(state=self.value()) if self.value() else queryset


class CampaignFilter(admin.SimpleListFilter):
    """The campaigns of the newest transmissions; any other one can stand in the address."""

    title = "campaign"
    parameter_name = "campaign"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        newest = Transmission.objects.order_by("-created_at").values_list("campaign_id", flat=True)[:_RECENT]
        names = [name for name in dict.fromkeys(newest) if name][:_MOST_CAMPAIGNS]
        asked = request.GET.get(self.parameter_name, "").replace("\0", "")
        if asked and asked not in names:
            names.insert(0, asked)
        return [(name, name) for name in names]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        campaign = (self.value() or "").replace("\0", "")
        return queryset.filter(campaign_id=campaign) if campaign else queryset


class Listing(ChangeList):  # type: ignore[misc]
    """Each row of the page gets its `counts`."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        counts = counts_of(rows)
        for transmission in rows:
            transmission.counts = counts[transmission.id]
        self.result_list = rows
