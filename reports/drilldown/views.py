"""The pages of a drill-down: the recipients of an audience, one message, one address."""

from collections.abc import Iterator
from typing import Any

import msgspec
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_safe

from reports.drilldown import audience, frame, members, people, timeline, wording
from reports.drilldown.audience import Audience
from reports.drilldown.csv_file import csv_of
from reports.drilldown.frame import Reading
from reports.pages import state
from reports.pages.views import may_view_reports

# Made by the roof, because a recipient list lies in another room (docs/architecture.md).
MAKE_LIST = "make_recipient_list"
_COLUMNS = ("Address", "Message ID", "Campaign", "Template", "Subject", "Sent", "Metadata", "Tags")


@require_safe
@may_view_reports
def recipients(request: HttpRequest) -> HttpResponse:
    """Who did, or did not: one page of them."""
    reading, chosen = frame.read(request), audience.read(request.GET)
    context = frame.context(request, reading, chosen.title, chosen.fields())
    context |= {"audience": chosen, "choices": _choices(reading, chosen)}
    if reading.has_window:
        context |= _page(request, reading, chosen)
    return TemplateResponse(request, "reports/drilldown/recipients.html", context)


def _page(request: HttpRequest, reading: Reading, chosen: Audience) -> dict[str, Any]:
    asked, formats = reading.asked, reading.formats
    found = members.of(chosen, reading.window, asked.state.filters)
    page = people.page(found, audience.number(audience.last(request.GET, "after")), asked.state.size)
    seen = people.activity(page.messages, reading.window, people_only=asked.state.people_only)

    def query(after: int | None) -> str:
        return "" if after is None else reading.address(*chosen.fields(), ("after", str(after)))

    rows = [
        {
            "recipient": one,
            "sent": formats.moment(one.sent_at, asked.zone) if one.sent_at else "",
            "opens": formats.count(activity.opens),
            "clicks": formats.count(activity.clicks),
            "last": formats.moment(activity.last_at, asked.zone) if activity.last_at else "",
        }
        for one in people.of(page.messages)
        for activity in (seen.get(one.message, people.Activity()),)
    ]
    return {
        "rows": rows,
        "count": formats.count(page.count),
        "is_empty": page.count == 0,
        "first": formats.count(page.first),
        "last": formats.count(page.first + len(rows) - 1),
        "has_previous": page.previous is not None,
        "has_next": page.next is not None,
        "first_query": reading.address(*chosen.fields()),
        "previous_query": query(page.previous),
        "next_query": query(page.next),
        "csv_query": reading.address(*chosen.fields()),
        "parts": _parts(reading, chosen),
        "make_list_url": _make_list_url(request),
    }


def _choices(reading: Reading, chosen: Audience) -> list[dict[str, Any]]:
    return [
        {"label": one.title, "query": reading.address(*one.fields()), "chosen": one == chosen}
        for one in chosen.choices()
    ]


def _parts(reading: Reading, chosen: Audience) -> list[dict[str, Any]]:
    """Clicks on the link by the part of the message that they came from."""
    if chosen.link is None:
        return []
    found = members.clicks_by_part(chosen.link, reading.window, reading.asked.state.filters)
    return [
        {
            "label": audience.PARTS.get(part, "Not recorded"),
            "clicks": reading.formats.count(clicks),
            "messages": reading.formats.count(len(messages)),
            "query": reading.address(*Audience(chosen.who, chosen.link, part).fields()) if part else "",
            "chosen": bool(part) and part == chosen.part,
        }
        for part, (clicks, messages) in found.items()
    ]


def _make_list_url(request: HttpRequest) -> str:
    if not request.user.has_perm("transmissions.add_recipientlist"):
        return ""
    try:
        return reverse(MAKE_LIST)
    except NoReverseMatch:
        return ""


@require_safe
@may_view_reports
def recipients_csv(request: HttpRequest) -> HttpResponseBase:
    """All recipients of the audience, streamed."""
    reading, chosen = frame.read(request), audience.read(request.GET)
    if not reading.has_window:
        return HttpResponse(str(reading.asked.window), status=400, content_type="text/plain; charset=utf-8")
    found = members.of(chosen, reading.window, reading.asked.state.filters)
    response = StreamingHttpResponse(
        csv_of(_COLUMNS, (_cells(one) for one in people.all_of(found))), content_type="text/csv; charset=utf-8"
    )
    start, end = (
        f"{moment.astimezone(reading.asked.zone):%Y%m%dT%H%M}"
        for moment in (reading.window.start, state.shown_end(reading.window, reading.asked.now))
    )
    response["Content-Disposition"] = f'attachment; filename="{chosen.who.value}-{start}-{end}.csv"'
    return response


def _cells(one: people.Recipient) -> Iterator[str]:
    yield from (one.address, one.message_id, one.campaign, one.template, one.subject)
    yield f"{one.sent_at:%Y-%m-%dT%H:%M:%SZ}" if one.sent_at else ""
    yield msgspec.json.encode(one.metadata).decode() if one.metadata else ""
    yield ", ".join(one.tags)


@require_safe
@may_view_reports
def message(request: HttpRequest, number: int) -> HttpResponse:
    """Everything that happened to one message, whatever the period."""
    if number >= 2**63:
        raise Http404("no such message")
    reading, oldest_first = frame.read(request), request.GET.get("order") == "oldest"
    events = timeline.of_message(
        number,
        oldest_first=oldest_first,
        people_only=reading.asked.state.people_only,
        after=timeline.Place.read(request.GET.get("after", "")),
    )
    (recipient,) = people.of([number])
    if not recipient.address:
        raise Http404("the event log does not hold this message")
    context = {
        **frame.context(request, reading, recipient.subject or "Message", _order(oldest_first)),
        "recipient": recipient,
        "metadata": msgspec.json.encode(recipient.metadata).decode() if recipient.metadata else "",
        **_events(reading, events, oldest_first),
        "address_query": reading.address(("address", recipient.address.lower())),
        "one_message": True,
    }
    return TemplateResponse(request, "reports/drilldown/message.html", context)


@require_safe
@may_view_reports
def events_of_address(request: HttpRequest) -> HttpResponse:
    """All messages to one address, newest event first."""
    reading, oldest_first = frame.read(request), request.GET.get("order") == "oldest"
    address = request.GET.get("address", "").strip().replace("\0", "")[:320]
    events = timeline.of_address(
        address.lower(),
        oldest_first=oldest_first,
        people_only=reading.asked.state.people_only,
        after=timeline.Place.read(request.GET.get("after", "")),
    )
    kept = [("address", address), *_order(oldest_first)] if address else _order(oldest_first)
    context = {
        **frame.context(request, reading, "Events", kept),
        "address": address,
        **_events(reading, events, oldest_first, ("address", address)),
        "one_message": False,
    }
    return TemplateResponse(request, "reports/drilldown/events.html", context)


def _order(oldest_first: bool) -> list[tuple[str, str]]:
    return [("order", "oldest")] if oldest_first else []


def _events(
    reading: Reading, events: timeline.Events, oldest_first: bool, *kept: tuple[str, str]
) -> dict[str, Any]:
    order = _order(oldest_first)
    return {
        "events": [_shown(reading, event) for event in events.rows],
        "orders": [
            {
                "label": label,
                "chosen": oldest == oldest_first,
                "query": reading.address(*kept, *_order(oldest)),
            }
            for label, oldest in (("Newest first", False), ("Oldest first", True))
        ],
        "next_query": reading.address(*kept, *order, ("after", str(events.next))) if events.next else "",
    }


def _shown(reading: Reading, event: timeline.Happening) -> dict[str, Any]:
    local = event.at.astimezone(reading.asked.zone)
    date, _, _ = reading.formats.moment(event.at, reading.asked.zone).rpartition(",")
    class_, reasons = wording.traffic(event)
    return {
        "event": event,
        "name": wording.name_of(event.type),
        "tone": wording.tone(event),
        "moment": f"{date}, {local:%H:%M:%S}.{event.at.microsecond // 1000:03} {local:%z}",
        "exact": f"{local:%Y-%m-%dT%H:%M:%S.%f%z}",
        "details": list(wording.details(event)),
        "traffic": class_,
        "reasons": reasons,
    }
