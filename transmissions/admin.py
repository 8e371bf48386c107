"""Transmissions in the admin: what was asked for and how far it is. Nothing of it is edited; it can be stopped."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe
from unfold.admin import ModelAdmin
from unfold.decorators import display

from transmissions.actions import cancel, hold
from transmissions.lists_admin import lists  # noqa: F401  (its pages are registered too)
from transmissions.models import Message, Transmission
from transmissions.suppression_admin.pages import SuppressionAdmin  # noqa: F401  (registered too)
from transmissions.transmission_pages import content, export, page
from transmissions.transmission_pages.listing import CampaignFilter, Listing, StateFilter

_STATE_COLORS = {
    "Submitted": "info",
    "Scheduled": "info",
    "Generating": "warning",
    "Success": "success",
    "Canceled": "danger",
    "Paused": "warning",
}
# Address -> (what is done, what is said, what is said when it came too late).
_STOPS: dict[str, tuple[Callable[[int], bool], str, str]] = {
    "pause": (hold.pause, "Paused.", "Nothing is left to be paused."),
    "resume": (hold.resume, "Resumed.", "It is not paused any more."),
    "cancel": (cancel.cancel_rest, "What was not generated is canceled.", "Everything had been generated already."),
}


@admin.register(Transmission)
class TransmissionAdmin(ModelAdmin):  # type: ignore[misc]
    """A list with counts, and a page of one transmission."""

    list_display = (
        *("title", "shown_state", "recipients", "generated", "failed"),
        *("delivered", "deferred", "bounced", "created"),
    )
    list_filter = (StateFilter, CampaignFilter, "is_test")
    search_fields = ("=id", "campaign_id", "description")
    search_help_text = "ID, campaign or description"
    ordering = ("-created_at",)
    list_per_page = 25
    show_full_result_count = False
    list_fullwidth = True

    def get_changelist(self, request: HttpRequest, **arguments: Any) -> type[Listing]:
        return Listing

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        pages: list[tuple[str, Callable[..., Any], str]] = [
            ("progress/", require_safe(self.progress_view), "progress"),
            ("content/", require_safe(xframe_options_sameorigin(self.content_view)), "content"),
            ("messages.csv", require_safe(self.csv_view), "csv"),
            *((f"{name}/", require_POST(self.stop_view), name) for name in _STOPS),
        ]
        own = [
            path(
                f"<int:transmission_id>/{address}",
                self.admin_site.admin_view(view),
                {"stop": name} if name in _STOPS else {},
                name=f"transmissions_transmission_{name}",
            )
            for address, view, name in pages
        ]
        inherited: list[URLPattern] = super().get_urls()
        return own + inherited

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The page of one transmission."""
        if not (object_id.isascii() and object_id.isdecimal() and len(object_id) < 20):
            raise Http404
        transmission = self._seen(request, int(object_id))
        context = {
            **self.admin_site.each_context(request),
            "title": str(transmission),
            "opts": self.opts,
            **page.whole(request, transmission),
        }
        return TemplateResponse(request, "transmissions/transmission/page.html", context)

    def progress_view(self, request: HttpRequest, transmission_id: int) -> HttpResponse:
        """The pieces of the page that refresh by themselves."""
        context = page.live(request, self._seen(request, transmission_id))
        return TemplateResponse(request, "transmissions/transmission/live.html", context)

    def content_view(self, request: HttpRequest, transmission_id: int) -> HttpResponse:
        """What the frame shows: untrusted, and told so to the browser."""
        transmission = self._seen(request, transmission_id)
        shown = content.shown(transmission, content.stored_job(transmission)).content
        response = HttpResponse(content.frame_document(shown).encode("utf-8", "replace"))
        response["Content-Security-Policy"] = f"sandbox {content.FRAME_SANDBOX}; {content.POLICY}"
        response["Referrer-Policy"] = "no-referrer"
        return response

    def csv_view(self, request: HttpRequest, transmission_id: int) -> StreamingHttpResponse:
        """All messages of one state, of all pages."""
        transmission = self._seen(request, transmission_id)
        state = request.GET.get("state", "")
        if state not in Message.State.values:
            raise Http404
        response = StreamingHttpResponse(
            export.lines(transmission, Message.State(state)), content_type="text/csv; charset=utf-8"
        )
        response["Content-Disposition"] = f'attachment; filename="messages-{transmission_id}-{state}.csv"'
        return response

    def stop_view(self, request: HttpRequest, transmission_id: int, stop: str) -> HttpResponse:
        """Pause, resume or cancel."""
        if not request.user.has_perm("transmissions.change_transmission"):
            raise PermissionDenied
        transmission = self._seen(request, transmission_id)
        act, done, too_late = _STOPS[stop]
        if act(transmission.id):
            self.log_change(request, transmission, done)
            messages.success(request, done)
        else:
            messages.warning(request, too_late)
        return redirect("admin:transmissions_transmission_change", transmission.id)

    def _seen(self, request: HttpRequest, transmission_id: int) -> Transmission:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return get_object_or_404(Transmission, id=transmission_id)

    @display(description="Transmission", ordering="id", header=True)  # type: ignore[untyped-decorator]
    def title(self, transmission: Transmission) -> tuple[str, str]:
        return transmission.description or str(transmission.id), transmission.campaign_id

    @display(description="State", ordering="state", label=_STATE_COLORS)  # type: ignore[untyped-decorator]
    def shown_state(self, transmission: Transmission) -> str:
        return page.state_of(transmission)

    @display(description="Recipients", ordering="num_rcpts")  # type: ignore[untyped-decorator]
    def recipients(self, transmission: Transmission) -> str:
        return f"{transmission.num_rcpts:,}"

    @display(description="Generated")  # type: ignore[untyped-decorator]
    def generated(self, transmission: Any) -> str:
        return f"{transmission.counts.generated:,}"

    @display(description="Failed")  # type: ignore[untyped-decorator]
    def failed(self, transmission: Any) -> str:
        return f"{transmission.counts.failed:,}"

    @display(description="Delivered")  # type: ignore[untyped-decorator]
    def delivered(self, transmission: Any) -> str:
        return f"{transmission.counts.delivered:,}"

    @display(description="Deferred")  # type: ignore[untyped-decorator]
    def deferred(self, transmission: Any) -> str:
        return f"{transmission.counts.deferred:,}"

    @display(description="Bounced")  # type: ignore[untyped-decorator]
    def bounced(self, transmission: Any) -> str:
        return f"{transmission.counts.bounced:,}"

    @display(description="Created", ordering="created_at")  # type: ignore[untyped-decorator]
    def created(self, transmission: Transmission) -> str:
        return f"{transmission.created_at:%Y-%m-%d %H:%M}"
