"""Events in words: what a timeline says of each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reports.classification import bounce_class
from reports.drilldown.audience import PARTS
from reports.drilldown.timeline import Happening
from reports.metrics import ENGAGEMENT
from tracking.events import EventType

NAMES: Mapping[str, str] = {
    EventType.INJECTION: "Injection",
    EventType.DELIVERY: "Delivery",
    EventType.DELAY: "Delay",
    EventType.BOUNCE: "Bounce",
    EventType.OUT_OF_BAND: "Out of Band",
    EventType.POLICY_REJECTION: "Policy Rejection",
    EventType.SPAM_COMPLAINT: "Spam Complaint",
    EventType.GENERATION_FAILURE: "Generation Failure",
    EventType.GENERATION_REJECTION: "Generation Rejection",
    EventType.OPEN: "Open",
    EventType.INITIAL_OPEN: "Initial Open",
    EventType.CLICK: "Click",
    EventType.AMP_OPEN: "AMP Open",
    EventType.AMP_INITIAL_OPEN: "AMP Initial Open",
    EventType.AMP_CLICK: "AMP Click",
    EventType.LIST_UNSUBSCRIBE: "List Unsubscribe",
    EventType.LINK_UNSUBSCRIBE: "Link Unsubscribe",
}
_BAD = frozenset(
    {
        *(EventType.BOUNCE, EventType.OUT_OF_BAND, EventType.POLICY_REJECTION, EventType.SPAM_COMPLAINT),
        *(EventType.GENERATION_FAILURE, EventType.GENERATION_REJECTION),
    }
)
_CLASSES: Mapping[str, str] = {
    "human": "Person",
    "prefetch": "Prefetch",
    "scanner": "Scanner",
    "unknown": "Not certain",
}
# Reasons of tracking.classify.
_REASONS: Mapping[str, str] = {
    "no_agent": "names no user agent",
    "privacy_proxy": "privacy proxy that loads on delivery",
    "image_proxy": "image proxy of a mailbox provider",
    "scanner_agent": "user agent of a scanner",
    "http_client": "a program, not a mail client",
    "prefetch_header": "says itself that it prefetches",
    "at_once": "within seconds of sending",
    "click_at_once": "click within seconds of sending",
    "burst": "many links at once",
    "many_networks": "from many networks at once",
    "unsubscribed_too": "unsubscribe link among others",
}


@dataclass(frozen=True, slots=True)
class Detail:
    """One line of an event: what it is, and its value, which comes from outside."""

    label: str
    value: str


def name_of(event_type: str) -> str:
    return NAMES.get(event_type, event_type)


def tone(event: Happening) -> str:
    """How an event is coloured: good, bad, late or engaged; "" for no colour."""
    if event.type in _BAD:
        return "bad"
    if event.type == EventType.DELAY:
        return "late"
    if event.type in ENGAGEMENT:
        return "engaged"
    return "good" if event.type == EventType.DELIVERY else ""


def traffic(event: Happening) -> tuple[str, str]:
    """Who made a hit and why we think so; "" where the event is no hit."""
    if not event.traffic:
        return "", ""
    judged = _object(event.data.get("traffic"))
    reasons = judged.get("reasons")
    texts = [_REASONS.get(str(reason), str(reason)) for reason in (reasons if isinstance(reasons, list) else ())]
    return _CLASSES.get(event.traffic, event.traffic), ", ".join(texts)


def details(event: Happening) -> Iterator[Detail]:
    """What there is to say of an event, most telling first; values without text are left out."""
    for label, value in _all(event):
        if value:
            yield Detail(label, str(value))


def _all(event: Happening) -> Iterator[tuple[str, Any]]:
    data = event.data
    if event.link:
        yield "Link", event.link
        if data.get("target_link_url") != event.link:
            yield "Leads to", data.get("target_link_url")
        link = _object(data.get("link"))
        if part := PARTS.get(str(link.get("part"))):
            yield "In the message", f"{part} part, link {link.get('position')}"
    yield "Reply", data.get("raw_reason") or event.reason
    if event.bounce_class is not None:
        known = bounce_class(event.bounce_class)
        yield "Classification", f"{known.name} ({known.category.label})"
    if event.type in (EventType.DELIVERY, EventType.DELAY, EventType.BOUNCE):
        yield "Attempt", event.num_retries + 1
        yield "Since injection", duration(event.queue_time)
        yield "Server", data.get("ip_address")
    if event.type == EventType.INJECTION:
        yield "From", data.get("friendly_from")
    if event.type in ENGAGEMENT or event.type == EventType.LINK_UNSUBSCRIBE:
        yield from _of_reader(data)


def _of_reader(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    agent, place = _object(data.get("user_agent_parsed")), _object(data.get("geo_ip"))
    system = " ".join(str(agent.get(key)) for key in ("os_family", "os_version") if agent.get(key))
    known = (agent.get("agent_family"), system, agent.get("device_brand"), agent.get("device_family"))
    yield "Client", " · ".join(dict.fromkeys(str(text) for text in known if text and text != "Other"))
    yield "Read in", ", ".join(str(place[key]) for key in ("city", "region", "country") if place.get(key))
    yield "Read from", data.get("ip_address")
    yield "User agent", data.get("user_agent")


def duration(milliseconds: int) -> str:
    """As people say it: 840 ms, 12.4 s, 21 min, 3.2 h; "" for none."""
    if milliseconds <= 0:
        return ""
    for unit, size in (("h", 3_600_000), ("min", 60_000), ("s", 1000)):
        if milliseconds >= size:
            return f"{milliseconds / size:.1f} {unit}"
    return f"{milliseconds} ms"


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
