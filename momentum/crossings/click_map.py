"""The click map: a message as it was sent, with the clicks on each of its links laid over it.

Where a link stands comes from rendering the message again, how often it was followed from the event log; both
name it by part, position and label.
"""

import re
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from reports.drilldown import audience, frame, places
from reports.drilldown.frame import Reading
from reports.drilldown.places import Mapped, Place
from reports.metrics import percentage
from reports.pages.views import may_view_reports
from transmissions.actions import samples
from transmissions.actions.samples import Sample
from transmissions.language import LinkSite

# Holds also where the address is opened outside of the frame. Nothing is fetched, nothing runs, nothing leads away.
CONTENT_SECURITY_POLICY = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
_WIDTHS = ("desktop", "mobile")
_MOST_CONTENTS = 50
_DOCTYPE = re.compile(r"\s*<!doctype[^>]{0,500}>", re.IGNORECASE)
# Marks links in text; message text has no private-use characters of this plane.
_BEGIN, _END = "\U000f0001", "\U000f0002"
_MARK = re.compile(f"{_BEGIN}(\\d+){_END}")
_LINK_STYLE = (
    "a{pointer-events:none!important}"
    "a[href^='#momentum-']{outline:2px solid #0369a1!important;outline-offset:2px!important}"
    "a[href^='#momentum-']::after{display:inline-block!important;margin:0 0 0 6px!important;"
    "padding:1px 7px!important;"
    "border-radius:9px!important;font:600 12px/16px sans-serif!important;color:#fff!important;"
    "text-decoration:none!important;white-space:nowrap!important;letter-spacing:0!important}"
)
_SHADES = ("#64748b", "#0369a1", "#6d28d9", "#b91c1c")

may_see_mail = permission_required("transmissions.view_transmission", raise_exception=True)


@dataclass(slots=True)
class Marks:
    """The links of a message in the order in which rendering meets them; one in a loop is one place."""

    places: list[Place] = field(default_factory=list)

    def number(self, site: LinkSite, name: str) -> int:
        place = Place(site.part, site.position, name or site.label)
        if place not in self.places:
            self.places.append(place)
        return self.places.index(place)

    def in_html_or_text(self, site: LinkSite, target: str, name: str) -> str:
        number = self.number(site, name)
        return f"#momentum-{number}" if site.part == "html" else f"{target}{_BEGIN}{number}{_END}"


@require_safe
@may_view_reports
@may_see_mail
def click_map(request: HttpRequest) -> HttpResponse:
    """The page: which contents were clicked, one of them in a frame, and its links as a table."""
    reading = frame.read(request)
    width = audience.one_of(_WIDTHS, audience.last(request.GET, "width"), "desktop")
    kept = [("width", width)] if width != "desktop" else []
    context = frame.context(request, reading, "Click map", kept) | {"width": width}
    if reading.has_window:
        context |= _shown(request, reading, kept, width)
    return TemplateResponse(request, "crossings/click_map.html", context)


def _shown(request: HttpRequest, reading: Reading, kept: list[tuple[str, str]], width: str) -> dict[str, Any]:
    found = places.clicked(reading.window, reading.asked.state.filters)[:_MOST_CONTENTS]
    chosen = _chosen(request, found)
    if chosen is None:
        return {"contents": []}
    marks = Marks()
    message = _sample(chosen, marks)
    number = found.index(chosen)
    named = [("content", _key(chosen))]
    return {
        "contents": [
            {
                "label": _label(mapped),
                "clicks": reading.formats.count(mapped.clicks),
                "query": reading.address(("content", _key(mapped)), *kept),
                "chosen": index == number,
            }
            for index, mapped in enumerate(found)
        ],
        "chosen": _label(chosen),
        "message": message,
        "text": _text_pieces(message.text or "", chosen, marks, reading),
        "rows": _rows(chosen, marks, reading),
        "frame_query": reading.address(*named),
        "widths": [
            {
                "label": each.capitalize(),
                "chosen": each == width,
                "query": reading.address(*named, *([("width", each)] if each != "desktop" else [])),
            }
            for each in _WIDTHS
        ],
    }


@require_safe
@xframe_options_sameorigin
@may_view_reports
@may_see_mail
def click_map_message(request: HttpRequest) -> HttpResponse:
    """What the frame shows: the message's own HTML, told to the browser as what it is."""
    reading = frame.read(request)
    if not reading.has_window:
        raise Http404("no such period")
    chosen = _chosen(request, places.clicked(reading.window, reading.asked.state.filters)[:_MOST_CONTENTS])
    marks = Marks()
    message = _sample(chosen, marks) if chosen is not None else Sample()
    if chosen is None or message.html is None:
        raise Http404("no HTML")
    response = HttpResponse(_document(message.html, chosen, marks, reading).encode("utf-8", "replace"))
    response["Content-Type"] = "text/html; charset=utf-8"
    response["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response["Referrer-Policy"] = "no-referrer"
    return response


def _chosen(request: HttpRequest, found: list[Mapped]) -> Mapped | None:
    wanted = audience.last(request.GET, "content")
    return next((mapped for mapped in found if _key(mapped) == wanted), found[0] if found else None)


def _key(mapped: Mapped) -> str:
    template, version, transmission = mapped.content
    return f"transmission:{transmission}" if transmission is not None else f"template:{version}:{template}"


def _label(mapped: Mapped) -> str:
    template, version, transmission = mapped.content
    campaigns = ", ".join(sorted(filter(None, mapped.campaigns))[:3])
    name = f"{template}, version {version}" if template else f"Transmission {transmission}"
    return f"{name} ({campaigns})" if campaigns else name


def _sample(mapped: Mapped, marks: Marks) -> Sample:
    if mapped.transmission is None:
        return Sample(fault="Nothing is known of what was sent.")
    return samples.sample(mapped.transmission, marks.in_html_or_text)


def _document(html: str, mapped: Mapped, marks: Marks, reading: Reading) -> str:
    """A style sheet in front of the message lays the figures over its links."""
    badges = "".join(
        f"a[href='#momentum-{number}']::after{{content:'{_badge(place, mapped, reading)}'!important;"
        f"background:{_shade(place, mapped)}!important}}"
        for number, place in enumerate(marks.places)
        if place.part == "html"
    )
    # In front of the doctype it would switch the page to quirks mode.
    doctype = _DOCTYPE.match(html)
    end = doctype.end() if doctype else 0
    return f"{html[:end]}<style>{_LINK_STYLE}{badges}</style>{html[end:]}"


def _badge(place: Place, mapped: Mapped, reading: Reading) -> str:
    clicks = _clicks(place, mapped)
    share = reading.formats.percent(percentage(clicks, mapped.clicks))
    return f"{reading.formats.count(clicks)} · {share}".replace("'", "’")


def _clicks(place: Place, mapped: Mapped) -> int:
    return mapped.places[place].clicks if place in mapped.places else 0


def _shade(place: Place, mapped: Mapped) -> str:
    clicks, most = _clicks(place, mapped), max((found.clicks for found in mapped.places.values()), default=0)
    if not clicks:
        return _SHADES[0]
    return _SHADES[1 + min(2, int(3 * clicks / (most + 1)))]


def _text_pieces(text: str, mapped: Mapped, marks: Marks, reading: Reading) -> list[dict[str, str]]:
    """The text part cut where links end, each with its figures."""
    *pieces, rest = _MARK.split(text)
    shown = [
        {"text": before, "badge": _badge(marks.places[int(number)], mapped, reading)}
        for before, number in zip(pieces[::2], pieces[1::2], strict=True)
        if int(number) < len(marks.places)
    ]
    return [*shown, {"text": rest, "badge": ""}] if text else []


def _followers(place: Place) -> audience.Audience:
    return audience.Audience(audience.Who.CLICKED, place.label, place.part if place.part in audience.PARTS else "")


def _rows(mapped: Mapped, marks: Marks, reading: Reading) -> list[dict[str, Any]]:
    """Every link of the message in its order, then clicks on what it no longer has or what was not recorded."""
    elsewhere = sorted(place for place in mapped.places if place not in marks.places)
    formats = reading.formats
    return [
        {
            "part": audience.PARTS.get(place.part, "Not recorded"),
            "position": place.position or "",
            "label": place.label,
            "clicks": formats.count(_clicks(place, mapped)),
            "messages": formats.count(len(mapped.places[place].messages) if place in mapped.places else 0),
            "share": formats.percent(percentage(_clicks(place, mapped), mapped.clicks), aligned=True),
            "query": reading.address(*_followers(place).fields()),
        }
        for place in [*marks.places, *elsewhere]
    ]
