"""The pages of an import: upload, columns, progress and result (contract 30 §7)."""

from collections.abc import Callable
from typing import Any

import msgspec
from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_POST

from transmissions.actions import imports
from transmissions.actions.imports import Wanted
from transmissions.actions.lists import as_sent
from transmissions.csv_import.columns import Column, faults_of, guess
from transmissions.csv_import.heading import DELIMITERS, Heading
from transmissions.csv_import.rows import BYTE_ORDER_MARK, Row
from transmissions.csv_import.writing import table
from transmissions.import_batches import RowFault, judged
from transmissions.lists_admin.forms import TARGETS, FileForm, NewListForm, read_columns, shown_columns
from transmissions.lists_admin.receiving import ToUploadFolder, is_too_large
from transmissions.models import ListImport, RecipientList
from transmissions.uploads import Incoming

_FAULTS_PER_PAGE = 25
_RECENT = 10
_PREVIEWED = 3


def urls() -> list[URLPattern]:
    """Relative to the pages of recipient lists in the admin."""
    pages: list[tuple[str, Callable[..., HttpResponseBase], str]] = [
        ("upload/", upload, "upload"),
        ("<int:list_pk>/upload/", upload, "replace"),
        ("imports/<int:import_id>/", show, "import"),
        ("imports/<int:import_id>/columns/", choose_columns, "import-columns"),
        ("imports/<int:import_id>/preview/", preview, "import-preview"),
        ("imports/<int:import_id>/progress/", progress, "import-progress"),
        ("imports/<int:import_id>/faults.csv", faults_file, "import-faults"),
        ("imports/<int:import_id>/again/", again, "import-again"),
        ("imports/<int:import_id>/discard/", discard, "import-discard"),
    ]
    return [
        path(route, admin.site.admin_view(page), name=f"transmissions_recipientlist_{name}")
        for route, page, name in pages
    ]


@csrf_exempt  # checked in _receive: the check reads the body, and who takes the file has to be known before
def upload(request: HttpRequest, list_pk: int | None = None) -> HttpResponseBase:
    """The form for a file, new list or replacement, and its reception."""
    _allow(request, is_new=list_pk is None)
    stored = None if list_pk is None else get_object_or_404(RecipientList, pk=list_pk)
    if request.method != "POST":
        wanted = Wanted(is_new=False, key=stored.key) if stored else None
        return _upload_page(request, stored, None, imports.faults_of_wanted(wanted) if wanted else [])
    if is_too_large(request, settings.UPLOAD_MAX_BYTES):
        return _upload_page(request, stored, None, [f"The file is larger than {_max_megabytes()} MB."], status=413)
    with Incoming(settings.UPLOAD_MAX_BYTES) as incoming:
        handler = ToUploadFolder(request, incoming)
        request.upload_handlers = [handler]
        return csrf_protect(_receive)(request, stored, incoming, handler)


def _receive(
    request: HttpRequest, stored: RecipientList | None, incoming: Incoming, handler: ToUploadFolder
) -> HttpResponse:
    form = NewListForm(request.POST) if stored is None else FileForm(request.POST)
    if not form.is_valid():
        return _upload_page(request, stored, form, [], status=422)
    wanted = (
        form.wanted() if isinstance(form, NewListForm) else Wanted(is_new=False, key=stored.key if stored else "")
    )
    faults = imports.faults_of_wanted(wanted)
    if not handler.called:
        faults.append("Choose a file.")
    if not faults:
        begun = imports.begin(incoming, handler.called, wanted, str(request.user.get_username()))
        if isinstance(begun, ListImport):
            return redirect("admin:transmissions_recipientlist_import-columns", begun.pk)
        faults.append(begun)
    return _upload_page(request, stored, form, faults, status=422)


def _upload_page(
    request: HttpRequest,
    stored: RecipientList | None,
    form: NewListForm | FileForm | None,
    faults: list[str],
    status: int = 200,
) -> HttpResponse:
    title = "Upload a recipient list" if stored is None else f"Replace the recipients of {stored.name}"
    values = {
        "stored": stored,
        "form": form or (NewListForm() if stored is None else FileForm()),
        "faults": faults,
        "max_bytes": settings.UPLOAD_MAX_BYTES,
        "max_megabytes": _max_megabytes(),
        "recent": ListImport.objects.order_by("-created_at")[:_RECENT],
    }
    return _page(request, "upload", title, values, status)


def choose_columns(request: HttpRequest, import_id: int) -> HttpResponseBase:
    """The first rows of the file with a choice for each column; posted, the import begins."""
    begun = _import(request, import_id)
    if begun.state != ListImport.State.UPLOADED:
        return redirect("admin:transmissions_recipientlist_import", begun.pk)
    heading = imports.heading_of(begun.file)
    if isinstance(heading, str):
        return _page(request, "columns", begun.file_name, {"begun": begun, "faults": [heading]}, 410)
    faults: list[str] = []
    columns = guess(heading)
    if request.method == "POST":
        columns = read_columns(request.POST, len(heading.columns))
        faults = imports.start(begun, columns)
        if not faults:
            return redirect("admin:transmissions_recipientlist_import", begun.pk)
    values = {
        "begun": begun,
        "faults": faults,
        "delimiter": DELIMITERS[heading.delimiter],
        "columns": shown_columns(heading, columns),
        "targets": TARGETS,
        "sample": _sample(heading),
    }
    return _page(request, "columns", f"Columns of {begun.file_name}", values, 422 if faults else 200)


@require_POST
def preview(request: HttpRequest, import_id: int) -> HttpResponse:
    """What the first rows become with the columns as they are chosen at this moment."""
    heading = imports.heading_of(_import(request, import_id).file)
    values: dict[str, Any] = {"faults": [heading]}
    if isinstance(heading, Heading):
        columns = read_columns(request.POST, len(heading.columns))
        faults = faults_of(columns)
        values = {"faults": faults, "results": [] if faults else _results(heading, columns)}
    return render(request, "transmissions/lists/preview.html", values)


def _results(heading: Heading, columns: tuple[Column, ...]) -> list[dict[str, Any]]:
    results = []
    for taken in judged([Row(0, list(cells)) for cells in heading.sample[:_PREVIEWED]], columns):
        is_fault = isinstance(taken, RowFault)
        text = taken.reason if isinstance(taken, RowFault) else msgspec.json.encode(as_sent(taken)).decode()
        results.append({"is_fault": is_fault, "text": text})
    return results


def _sample(heading: Heading) -> list[list[str]]:
    width = len(heading.columns)
    return [[*row, *[""] * width][:width] for row in heading.sample]


@require_GET
def show(request: HttpRequest, import_id: int) -> HttpResponseBase:
    """Progress while the file is read, then the result with its faults."""
    begun = _import(request, import_id, for_change=False)
    if begun.state == ListImport.State.UPLOADED:
        return redirect("admin:transmissions_recipientlist_import-columns", begun.pk)
    return _page(request, "import", f"Import of {begun.file_name}", _progress(request, begun))


@require_GET
def progress(request: HttpRequest, import_id: int) -> HttpResponse:
    """The moving part of the page alone; asked for every second until the import is over."""
    begun = _import(request, import_id, for_change=False)
    return render(request, "transmissions/lists/progress.html", _progress(request, begun))


def _progress(request: HttpRequest, begun: ListImport) -> dict[str, Any]:
    kept = begun.faults.order_by("id")
    return {
        "begun": begun,
        "stored": RecipientList.objects.filter(key=begun.key).first() if begun.key else None,
        "may_change": _may(request, is_new=begun.is_new),
        "can_be_tried_again": imports.can_be_tried_again(begun),
        "faults_page": Paginator(kept, _FAULTS_PER_PAGE).get_page(request.GET.get("page")),
        "kept_faults": kept.count(),
    }


@require_GET
def faults_file(request: HttpRequest, import_id: int) -> StreamingHttpResponse:
    """Every fault that was kept, as CSV."""
    begun = _import(request, import_id, for_change=False)
    kept = begun.faults.order_by("id").values_list("line", "value", "reason").iterator(1000)
    head = [("line", "value", "reason")]
    pieces = (table((str(line), value, reason) for line, value, reason in [fault]) for fault in kept)
    answer = StreamingHttpResponse(
        (piece for part in ([BYTE_ORDER_MARK + table(head)], pieces) for piece in part),
        content_type="text/csv; charset=utf-8",
    )
    answer["Content-Disposition"] = f'attachment; filename="import-{begun.pk}-faults.csv"'
    return answer


@require_POST
def again(request: HttpRequest, import_id: int) -> HttpResponse:
    """Try once more to move what was read into its list."""
    begun = _import(request, import_id)
    if imports.can_be_tried_again(begun):
        imports.try_again(begun)
    return redirect("admin:transmissions_recipientlist_import", begun.pk)


@require_POST
def discard(request: HttpRequest, import_id: int) -> HttpResponse:
    """Forget the import and its file; a list that it has filled stays as it is."""
    imports.discard(_import(request, import_id))
    return redirect("admin:transmissions_recipientlist_upload")


def _import(request: HttpRequest, import_id: int, *, for_change: bool = True) -> ListImport:
    if not request.user.has_perm("transmissions.view_recipientlist"):
        raise PermissionDenied
    begun = get_object_or_404(ListImport, pk=import_id)
    if for_change:
        _allow(request, is_new=begun.is_new)
    return begun


def _allow(request: HttpRequest, *, is_new: bool) -> None:
    if not _may(request, is_new=is_new):
        raise PermissionDenied


def _may(request: HttpRequest, *, is_new: bool) -> bool:
    verb = "add" if is_new else "change"
    return request.user.has_perm(f"transmissions.{verb}_recipientlist")


def _max_megabytes() -> int:
    return int(settings.UPLOAD_MAX_BYTES) // (1024 * 1024)


def _page(
    request: HttpRequest, template: str, title: str, values: dict[str, Any], status: int = 200
) -> HttpResponse:
    context = admin.site.each_context(request) | {"title": title} | values
    return render(request, f"transmissions/lists/{template}.html", context, status=status)
