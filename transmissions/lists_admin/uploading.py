"""The upload of a CSV file: the form, and the reception of the file (contract 30 §7)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from transmissions.actions import imports
from transmissions.actions.imports import Wanted
from transmissions.lists_admin.forms import FileForm, NewListForm
from transmissions.lists_admin.pages import allow, shown_page
from transmissions.lists_admin.receiving import ToUploadFolder, is_too_large
from transmissions.models import ListImport, RecipientList
from transmissions.uploads import Incoming

_RECENT = 10


@csrf_exempt  # checked in _receive: the check reads the body, and who takes the file has to be known before
def upload(request: HttpRequest, list_pk: int | None = None) -> HttpResponseBase:
    """The form for a file, new list or replacement, and its reception."""
    allow(request, is_new=list_pk is None)
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
    return shown_page(request, "upload", title, values, status)


def _max_megabytes() -> int:
    return int(settings.UPLOAD_MAX_BYTES) // (1024 * 1024)
