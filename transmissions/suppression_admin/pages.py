"""The suppression list in the admin: searched, added to, taken from, imported and exported."""

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.text import Truncator
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from momentum.lib import clock
from transmissions.actions import suppressions
from transmissions.models import Suppression
from transmissions.suppression.tables import again, written
from transmissions.suppression_admin.forms import AddForm, DescriptionForm

_LIST = "admin:transmissions_suppression_changelist"
_SOURCE_COLORS = {
    "Spam Complaint": "danger",
    "Bounce Rule": "warning",
    "Manually Added": "info",
    "Compliance": "primary",
}
# Up to here entries are counted; above it PostgreSQL's own estimate is shown.
_COUNTED = 10_000
_REFUSED_SHOWN = 1000


@admin.register(Suppression)
class SuppressionAdmin(ModelAdmin):  # type: ignore[misc]
    """Entries are added and removed; of one that is there only the description can be changed."""

    form = DescriptionForm
    list_display = ("recipient", "shown_type", "list_id", "shown_source", "updated", "short_description")
    list_filter = ("type", "source")
    search_fields = ("recipient",)
    search_help_text = "Beginning of an address, or a domain"
    ordering = ("-updated_at", "-id")
    sortable_by = ()
    # A million entries are paged without being counted.
    paginator = InfinitePaginator
    show_full_result_count = False
    list_disable_select_all = True
    list_per_page = 50
    list_before_template = "transmissions/suppressions/above.html"
    readonly_fields = ("recipient", "shown_type", "list_id", "shown_source", "created", "updated")
    fields = ("recipient", "shown_type", "list_id", "shown_source", "description", "created", "updated")

    class Media:
        css: ClassVar = {"all": ("transmissions/suppressions.css",)}

    def get_urls(self) -> list[URLPattern]:
        export = self.admin_site.admin_view(self.export)
        return [path("export/", export, name="transmissions_suppression_export"), *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], search_term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        """By what an index finds."""
        text = search_term.replace("\0", "").strip().lower()
        if not text:
            return queryset, False
        if text.startswith("@"):
            return queryset.filter(domain=text[1:]), False
        return queryset.filter(Q(recipient__startswith=text) | Q(domain=text)), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        shown = {"title": "Suppression list", "suppression_count": _count(), "query": request.GET.urlencode()}
        page: HttpResponse = super().changelist_view(request, {**(extra_context or {}), **shown})
        return page

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One form for one address and for a hundred thousand."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = AddForm(request.POST or None, request.FILES or None)
        result = None
        if request.method == "POST" and form.is_valid():
            result = suppressions.import_lines(form.cleaned_data["text"], form.defaults())
            messages.success(request, f"{_counted(result.written, 'entry', 'entries')} written.")
            if not result.refused and not result.protected:
                return redirect(_LIST)
            lines = again(form.cleaned_data["text"], result.refused[:_REFUSED_SHOWN])
            form = AddForm(initial=form.cleaned_data | {"lines": lines, "file": None})
        context = {
            **self.admin_site.each_context(request),
            "title": "Add to the suppression list",
            "opts": self.opts,
            "form": form,
            "result": result,
            "refused": result.refused[:_REFUSED_SHOWN] if result else [],
        }
        return TemplateResponse(request, "transmissions/suppressions/add.html", context)

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """What the list shows with its search and filters, as CSV, while it is being read."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        chosen = self.get_changelist_instance(request).get_queryset(request)
        lines = written(suppressions.all_entries(chosen))
        answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="suppression-list-{clock.now():%Y-%m-%d}.csv"'
        return answer

    def save_model(self, request: HttpRequest, obj: Suppression, form: Any, change: bool) -> None:
        obj.updated_at = clock.now()
        obj.save(update_fields=["description", "updated_at"])

    def has_change_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        return super().has_change_permission(request, obj) and not _is_protected(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not _is_protected(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Suppression]) -> None:
        suppressions.remove_by_id(list(queryset.values_list("pk", flat=True)))

    def get_deleted_objects(
        self, objs: QuerySet[Suppression] | list[Suppression], request: HttpRequest
    ) -> tuple[list[str], dict[str, int], set[str], list[str]]:
        """Compliance entries are named as what stands in the way."""
        protected = [f"{entry} (Compliance)" for entry in objs if _is_protected(entry)]
        shown = [f"{entry}, {entry.get_type_display()}" for entry in objs]
        return shown, {self.opts.verbose_name_plural: len(shown)}, set(), protected

    @display(description="Type", ordering="type")  # type: ignore[untyped-decorator]
    def shown_type(self, entry: Suppression) -> str:
        return entry.get_type_display()

    @display(description="Source", ordering="source", label=_SOURCE_COLORS)  # type: ignore[untyped-decorator]
    def shown_source(self, entry: Suppression) -> str:
        return entry.source

    @display(description="Description")  # type: ignore[untyped-decorator]
    def short_description(self, entry: Suppression) -> str:
        return Truncator(entry.description).chars(40)

    @display(description="Created (UTC)", ordering="created_at")  # type: ignore[untyped-decorator]
    def created(self, entry: Suppression) -> str:
        return f"{entry.created_at:%Y-%m-%d %H:%M}"

    @display(description="Updated (UTC)", ordering="updated_at")  # type: ignore[untyped-decorator]
    def updated(self, entry: Suppression) -> str:
        return f"{entry.updated_at:%Y-%m-%d %H:%M}"


def _is_protected(entry: Suppression | None) -> bool:
    return entry is not None and entry.source == Suppression.Source.COMPLIANCE


def _count() -> str:
    """How many entries there are; above ten thousand about how many."""
    counted = Suppression.objects.order_by()[: _COUNTED + 1].count()
    if counted <= _COUNTED:
        return _counted(counted, "entry", "entries")
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = 'transmissions_suppression'::regclass")
        estimate = int(cursor.fetchone()[0])
    return f"about {estimate:,} entries" if estimate > _COUNTED else f"more than {_COUNTED:,} entries"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
