"""From a report to a stored recipient list: those who did, or did not, with the metadata of their messages."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from pyroaring import BitMap64

from momentum.lib.errors import ApiError
from reports.drilldown import audience, frame, members, people
from reports.pages.views import may_view_reports
from transmissions.actions import lists
from transmissions.list_request import MAX_NAME_BYTES, check_head

# A list is made while its maker waits, some 15 s. Longer ones go by CSV file and upload.
MOST_MESSAGES = 250_000

may_add_lists = permission_required("transmissions.add_recipientlist", raise_exception=True)


@require_http_methods(["GET", "POST"])
@may_view_reports
@may_add_lists
def make_recipient_list(request: HttpRequest) -> HttpResponse:
    """A form for the name, and the list of the audience that the address stands for."""
    reading, chosen = frame.read(request), audience.read(request.GET)
    if not reading.has_window:
        return HttpResponse(str(reading.asked.window), status=400, content_type="text/plain; charset=utf-8")
    found = members.of(chosen, reading.window, reading.asked.state.filters)
    name = request.POST.get("name", _suggested_name(reading, chosen)).strip()
    faults = _faults(name, found, reading) if request.method == "POST" else []
    if request.method == "POST" and not faults:
        try:
            stored = lists.create_from(_as_sent(found), name, f"{chosen.title}. {chosen.explanation}")
        except ApiError:
            faults = ["None of these messages has a valid address in the event log any more."]
        else:
            size = reading.formats.count(stored.size)
            messages.success(request, f"The recipient list {stored.name} holds {size} recipients.")
            return redirect(_list_address(stored.pk))
    back = reading.address(*chosen.fields())
    context = {
        **frame.context(request, reading, "Make a recipient list", chosen.fields()),
        "audience": chosen,
        "count": reading.formats.count(len(found)),
        "name": name,
        "faults": faults,
        "max_name": MAX_NAME_BYTES,
        "back_url": f"{reverse('reports:recipients')}?{back}",
        "filters_fixed": True,
    }
    return TemplateResponse(request, "crossings/make_recipient_list.html", context, status=422 if faults else 200)


def _faults(name: str, found: BitMap64, reading: frame.Reading) -> list[str]:
    faults = check_head("", name, "")
    if len(found) > MOST_MESSAGES:
        most = reading.formats.count(MOST_MESSAGES)
        faults.append(f"More than {most} messages: save them as CSV and upload the file as a recipient list.")
    return faults


def _as_sent(found: BitMap64) -> Iterator[dict[str, Any]]:
    """Each address once, with the metadata and tags of its latest message."""
    seen: set[str] = set()
    for one in people.newest_first(found):
        address = one.address.lower()
        if not address or address in seen:
            continue
        seen.add(address)
        yield {"address": one.address, "metadata": one.metadata or {}, "tags": list(one.tags)}


def _suggested_name(reading: frame.Reading, chosen: audience.Audience) -> str:
    about = chosen.link or next((chip.value for chip in reading.asked.state.chips), "")
    name = f"{chosen.title}: {about}" if about else chosen.title
    return name.encode()[:MAX_NAME_BYTES].decode(errors="ignore")


def _list_address(key: int) -> str:
    return reverse("admin:transmissions_recipientlist_change", args=[key])
