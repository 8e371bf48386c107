"""Recipient lists in the admin: the table of lists, and the page of one list with its recipients."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern
from django.utils.http import content_disposition_header
from django.utils.text import Truncator
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from momentum.lib import clock
from momentum.lib.errors import ApiError
from transmissions import list_pages, list_store
from transmissions.actions import lists
from transmissions.csv_import.writing import csv_of
from transmissions.list_request import check_head
from transmissions.lists_admin import routes
from transmissions.models import RecipientList


class ListForm(forms.ModelForm):  # type: ignore[type-arg]
    """Label and description; both bounded in bytes, as in the API."""

    class Meta:
        model = RecipientList
        fields = ("name", "description")
        labels: ClassVar = {"name": "Label"}
        widgets: ClassVar = {
            "name": UnfoldAdminTextInputWidget(),
            "description": UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        }

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        for fault in check_head("", values.get("name", ""), values.get("description", "")):
            self.add_error(None, fault)
        return values


@admin.register(RecipientList)
class RecipientListAdmin(ModelAdmin):  # type: ignore[misc]
    """Lists are made and filled by upload or by the API; here they are looked at, renamed and deleted."""

    form = ListForm
    list_display = ("label", "key", "short_description", "recipients")
    search_fields = ("key", "name", "description")
    ordering = ("name", "key")
    list_per_page = 25
    readonly_fields = ("key", "recipients", "updated_at")
    fields = ("name", "key", "description", "recipients", "updated_at")
    change_form_outer_after_template = "transmissions/lists/recipients.html"
    actions_list = ("upload_button",)
    actions_detail = ("replace_button", "download")

    def get_urls(self) -> list[URLPattern]:
        return [*routes.urls(), *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        # A list may refuse to be deleted; that is said for one list at a time.
        actions: dict[str, Any] = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @display(description="Label", ordering="name")  # type: ignore[untyped-decorator]
    def label(self, stored: RecipientList) -> str:
        return stored.name

    @display(description="Description", ordering="description")  # type: ignore[untyped-decorator]
    def short_description(self, stored: RecipientList) -> str:
        return Truncator(stored.description).chars(80)

    @display(description="Recipients", ordering="size")  # type: ignore[untyped-decorator]
    def recipients(self, stored: RecipientList) -> str:
        return f"{stored.size:,}"

    @action(description="Upload CSV", url_path="upload-csv", permissions=["add"], icon="upload")  # type: ignore[untyped-decorator]
    def upload_button(self, request: HttpRequest) -> HttpResponse:
        """The button above the table."""
        return redirect("admin:transmissions_recipientlist_upload")

    @action(description="Replace recipients", url_path="replace", permissions=["change"], icon="upload")  # type: ignore[untyped-decorator]
    def replace_button(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The button above one list."""
        return redirect("admin:transmissions_recipientlist_replace", object_id)

    @action(description="Download CSV", url_path="download", permissions=["view"], icon="download")  # type: ignore[untyped-decorator]
    def download(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """All recipients, in the form that the upload takes."""
        stored = get_object_or_404(RecipientList, pk=object_id)
        answer = StreamingHttpResponse(csv_of(list_store.chunks_of(stored)), content_type="text/csv; charset=utf-8")
        name = "".join(letter if letter.isalnum() or letter in "-_. " else "_" for letter in stored.key)
        answer["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=f"{name}.csv")
        return answer

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A new list begins with a file."""
        return redirect("admin:transmissions_recipientlist_upload")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The table; the upload is its only way to a new list, so no second button says "add"."""
        page: HttpResponse = super().changelist_view(
            request, {**(extra_context or {}), "has_add_permission": False}
        )
        return page

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The list with a page of its recipients."""
        stored = self.get_object(request, object_id)
        shown = {"show_save_and_add_another": False}
        if stored is not None:
            shown |= _recipients(request, stored)
        page: HttpResponse = super().change_view(request, object_id, form_url, {**(extra_context or {}), **shown})
        return page

    def save_model(self, request: HttpRequest, obj: RecipientList, form: Any, change: bool) -> None:
        # Only what the form holds: a file may be filling the list at this moment.
        obj.updated_at = clock.now()
        obj.save(update_fields=["name", "description", "updated_at"])

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The confirmation; a list that is in use stays, and the page of the list says why."""
        try:
            page: HttpResponse = super().delete_view(request, object_id, extra_context)
        except ApiError as refusal:
            messages.error(request, refusal.faults[0].description)
            return redirect("admin:transmissions_recipientlist_change", object_id)
        return page

    def delete_model(self, request: HttpRequest, obj: RecipientList) -> None:
        lists.delete(obj.key)

    def get_deleted_objects(
        self, objs: QuerySet[RecipientList] | list[RecipientList], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        # Django's own would load every chunk of recipients only to name it.
        size = sum(stored.size for stored in objs)
        return [f"{stored.name} ({stored.key})" for stored in objs], {"recipients": size}, set(), []


def _recipients(request: HttpRequest, stored: RecipientList) -> dict[str, Any]:
    """What the table of recipients shows; its state is in the address."""
    text = request.GET.get("q", "").replace("\0", "").strip()[:254]
    given = request.GET.get("page", "")
    number = max(1, int(given)) if given.isascii() and given.isdecimal() and len(given) < 8 else 1
    page = list_pages.found(stored, text, number) if text else list_pages.page(stored, number)
    return {"recipients_page": page, "recipients_search": text, "recipients_size": stored.size}
