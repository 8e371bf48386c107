"""Requests of people about their data, to be read only: what was asked for, when, and how far it is."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display

from tracking import wishes
from tracking.models import PrivacyRequest

_STAGE_COLORS = {
    PrivacyRequest.Stage.LISTS: "info",
    PrivacyRequest.Stage.CHUNKS: "info",
    PrivacyRequest.Stage.EVENTS: "info",
    PrivacyRequest.Stage.DONE: "success",
}


class OpenFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("open", "Open"), ("done", "Done")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[PrivacyRequest]) -> QuerySet[PrivacyRequest]:
        if self.value() not in ("open", "done"):
            return queryset
        return queryset.filter(done_at__isnull=self.value() == "open")


@admin.register(PrivacyRequest)
class PrivacyRequestAdmin(ModelAdmin):  # type: ignore[misc]
    """Requests are made by the API (contract 95 §7) and worked through by transmissions.actions.erase."""

    list_display = (
        "person",
        "kind",
        "shown_stage",
        "requested_at",
        "done_at",
        "list_entries",
        "messages",
        "events",
    )
    list_filter = ("kind", OpenFilter)
    # Found by the whole address, also when all that is left of it is its digest.
    search_fields = ("address",)
    search_help_text = "A whole email address"
    ordering = ("-requested_at", "-id")
    list_per_page = 25
    show_full_result_count = False
    actions = None
    fields = (
        *("person", "kind", "shown_stage", "requested_at", "requested_by", "include_subaccounts", "done_at"),
        *("list_entries", "messages", "events"),
    )
    readonly_fields: ClassVar = fields

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[PrivacyRequest], search_term: str
    ) -> tuple[QuerySet[PrivacyRequest], bool]:
        address = search_term.strip().lower()
        if not address:
            return queryset, False
        # PostgreSQL's text holds no NUL, so no address has one.
        known = Q(address=address.replace("\0", " ")) | Q(digest=wishes.digest(address))
        return queryset.filter(known), False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description="Person", ordering="address")  # type: ignore[untyped-decorator]
    def person(self, request: PrivacyRequest) -> str:
        return request.address or "erased"

    @display(description="Stage", ordering="stage", label=_STAGE_COLORS)  # type: ignore[untyped-decorator]
    def shown_stage(self, request: PrivacyRequest) -> tuple[str, str]:
        return request.stage, str(request.get_stage_display())
