"""The columns of an uploaded file: the first rows, a choice for each column, what they become (contract 30 §7)."""

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from transmissions.actions import imports
from transmissions.actions.lists import as_sent
from transmissions.csv_import.columns import Column, faults_of, guess
from transmissions.csv_import.heading import DELIMITERS, Heading
from transmissions.csv_import.rows import Row
from transmissions.import_batches import RowFault, judged
from transmissions.lists_admin.forms import TARGETS, read_columns, shown_columns
from transmissions.lists_admin.pages import find_import, shown_page
from transmissions.models import ListImport

_PREVIEWED = 3


def choose_columns(request: HttpRequest, import_id: int) -> HttpResponseBase:
    """The first rows of the file with a choice for each column; posted, the import begins."""
    begun = find_import(request, import_id)
    if begun.state != ListImport.State.UPLOADED:
        return redirect("admin:transmissions_recipientlist_import", begun.pk)
    heading = imports.heading_of(begun.file)
    if isinstance(heading, str):
        return shown_page(request, "columns", begun.file_name, {"begun": begun, "faults": [heading]}, 410)
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
    return shown_page(request, "columns", f"Columns of {begun.file_name}", values, 422 if faults else 200)


@require_POST
def preview(request: HttpRequest, import_id: int) -> HttpResponse:
    """What the first rows become with the columns as they are chosen at this moment."""
    heading = imports.heading_of(find_import(request, import_id).file)
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
