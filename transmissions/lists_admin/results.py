"""An import on its way and at its end: progress, result, refused rows (contract 30 §7)."""

from itertools import chain
from typing import Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from transmissions.actions import imports
from transmissions.csv_import.rows import BYTE_ORDER_MARK
from transmissions.csv_import.writing import table
from transmissions.lists_admin.pages import find_import, may_import, shown_page
from transmissions.models import ListImport, RecipientList

_FAULTS_PER_PAGE = 25


@require_GET
def show(request: HttpRequest, import_id: int) -> HttpResponseBase:
    """Progress while the file is read, then the result with its faults."""
    begun = find_import(request, import_id, for_change=False)
    if begun.state == ListImport.State.UPLOADED:
        return redirect("admin:transmissions_recipientlist_import-columns", begun.pk)
    return shown_page(request, "import", f"Import of {begun.file_name}", _progress(request, begun))


@require_GET
def progress(request: HttpRequest, import_id: int) -> HttpResponse:
    """The moving part of the page alone; asked for every second until the import is over."""
    begun = find_import(request, import_id, for_change=False)
    return render(request, "transmissions/lists/progress.html", _progress(request, begun))


def _progress(request: HttpRequest, begun: ListImport) -> dict[str, Any]:
    kept = begun.faults.order_by("id")
    return {
        "begun": begun,
        "stored": RecipientList.objects.filter(key=begun.key).first() if begun.key else None,
        "may_change": may_import(request, is_new=begun.is_new),
        "can_be_tried_again": imports.can_be_tried_again(begun),
        "faults_page": Paginator(kept, _FAULTS_PER_PAGE).get_page(request.GET.get("page")),
        "kept_faults": kept.count(),
    }


@require_GET
def faults_file(request: HttpRequest, import_id: int) -> StreamingHttpResponse:
    """Every fault that was kept, as CSV."""
    begun = find_import(request, import_id, for_change=False)
    kept = begun.faults.order_by("id").values_list("line", "value", "reason").iterator(1000)
    head = BYTE_ORDER_MARK + table([("line", "value", "reason")])
    rows = (table([(str(line), value, reason)]) for line, value, reason in kept)
    answer = StreamingHttpResponse(chain([head], rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="import-{begun.pk}-faults.csv"'
    return answer


@require_POST
def again(request: HttpRequest, import_id: int) -> HttpResponse:
    """Try once more to move what was read into its list."""
    begun = find_import(request, import_id)
    if imports.can_be_tried_again(begun):
        imports.try_again(begun)
    return redirect("admin:transmissions_recipientlist_import", begun.pk)


@require_POST
def discard(request: HttpRequest, import_id: int) -> HttpResponse:
    """Forget the import and its file; a list that it has filled stays as it is."""
    imports.discard(find_import(request, import_id))
    return redirect("admin:transmissions_recipientlist_upload")
