"""Transmissions in the admin: what was asked for and how far it is. Nothing of it is edited."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.decorators import display

from transmissions.lists_admin import lists  # noqa: F401  (its pages are registered too)
from transmissions.models import Message, Transmission

_STATE_COLORS = {
    Transmission.State.SUBMITTED: "info",
    Transmission.State.GENERATING: "warning",
    Transmission.State.SUCCESS: "success",
    Transmission.State.CANCELED: "danger",
}


@admin.register(Transmission)
class TransmissionAdmin(ModelAdmin):  # type: ignore[misc]
    """A list with counters, and a page of one transmission, both to be read only."""

    list_display = ("title", "shown_state", "campaign_id", "num_rcpts", "generated", "failed", "created_at")
    list_filter = ("state", "is_test")
    search_fields = ("=id", "campaign_id", "description")
    ordering = ("-created_at",)
    list_per_page = 25
    show_full_result_count = False
    fieldsets: ClassVar = (
        (
            None,
            {
                "fields": (
                    "id",
                    "shown_state",
                    "campaign_id",
                    "description",
                    "template_id",
                    "return_path",
                    "options",
                    "is_test",
                )
            },
        ),
        (
            "Progress",
            {"fields": ("num_rcpts", "num_invalid_recipients", "generated", "failed", "messages_by_state")},
        ),
        ("Times", {"fields": ("created_at", "start_at", "generation_started_at", "generation_ended_at")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Transmission]:
        found: QuerySet[Transmission] = super().get_queryset(request)
        return found.annotate(generated_sum=Sum("chunks__num_generated"), failed_sum=Sum("chunks__num_failed"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return tuple(name for _, options in self.fieldsets for name in options["fields"])

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @display(description="Transmission", ordering="id")  # type: ignore[untyped-decorator]
    def title(self, transmission: Transmission) -> str:
        return transmission.description or str(transmission.id)

    @display(description="State", ordering="state", label=_STATE_COLORS)  # type: ignore[untyped-decorator]
    def shown_state(self, transmission: Transmission) -> str:
        return transmission.state

    @display(description="Generated")  # type: ignore[untyped-decorator]
    def generated(self, transmission: Transmission) -> int:
        return getattr(transmission, "generated_sum", None) or transmission.num_generated

    @display(description="Failed to generate")  # type: ignore[untyped-decorator]
    def failed(self, transmission: Transmission) -> int:
        return getattr(transmission, "failed_sum", None) or transmission.num_failed

    @display(description="Messages")  # type: ignore[untyped-decorator]
    def messages_by_state(self, transmission: Transmission) -> str:
        if transmission.forgotten_at is not None:
            return f"not kept since {transmission.forgotten_at:%Y-%m-%d}"
        states = [(label, Count("number", filter=Q(state=value))) for value, label in Message.State.choices]
        counts = transmission.messages.aggregate(**{label.lower(): count for label, count in states})
        return ", ".join(f"{count:,} {label}" for label, count in counts.items() if count) or "none yet"
