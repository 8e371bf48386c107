"""From a hit that opened to the events that it makes (contract 50 §7, §9, §10; contract 60 §2)."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from momentum.lib import ids
from tracking.classify import MACHINES, Verdict
from tracking.enrichment import Known
from tracking.events import Event, EventType
from tracking.hits import Hit
from tracking.tokens import (
    CLICK_KINDS,
    SENT_WITH_AMP,
    SENT_WITH_CLICK_TRACKING,
    SENT_WITH_INITIAL_OPEN,
    SENT_WITH_OPEN_TRACKING,
    Kind,
    LinkPart,
    MessagePart,
)

CUSTOMER_ID = "1"
UNNAMED_LINK = "Raw URL"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TYPE_OF_KIND = {
    Kind.OPEN: EventType.OPEN,
    Kind.INITIAL_OPEN: EventType.INITIAL_OPEN,
    Kind.CLICK: EventType.CLICK,
    Kind.AMP_OPEN: EventType.AMP_OPEN,
    Kind.AMP_INITIAL_OPEN: EventType.AMP_INITIAL_OPEN,
    Kind.AMP_CLICK: EventType.AMP_CLICK,
    Kind.LIST_UNSUBSCRIBE: EventType.LIST_UNSUBSCRIBE,
}
# Fields of the message's own events that engagement events do not repeat (contract 60 §2).
_LEFT_OUT: dict[EventType, frozenset[str]] = {
    EventType.LIST_UNSUBSCRIBE: frozenset({"delv_method"}),
    EventType.LINK_UNSUBSCRIBE: frozenset(),
}
_LEFT_OUT_ELSEWHERE = frozenset({"recv_method"})


class Mark(StrEnum):
    """What was special about a request, in `data.traffic.marks`."""

    UNSUBSCRIBE = "unsubscribe"  # the link unsubscribes
    PREFETCH = "prefetch"  # a header said so
    AFTER_HEAD = "after_head"  # the same client had just asked for the headers alone


@dataclass(frozen=True, slots=True)
class OpenedHit:
    """A hit, the two parts of its token, and what was found out about it."""

    hit: Hit
    message: MessagePart
    link: LinkPart
    verdict: Verdict
    user_agent_parsed: dict[str, Any]
    geo_ip: dict[str, Any]
    known: Known
    after_head: bool = False


def event_of(opened: OpenedHit, event_type: EventType | None = None) -> Event:
    """The event of a hit: of the type that its link stands for, or of another type."""
    event_type = event_type or TYPE_OF_KIND[opened.link.kind]
    return Event(
        event_id=_event_id(opened.hit, opened.link, event_type),
        type=event_type,
        happened_at=_EPOCH + timedelta(milliseconds=opened.hit.at_ms),
        message=opened.message.message,
        rcpt_to=opened.message.rcpt_to.lower(),
        transmission=opened.message.transmission,
        campaign_id=opened.link.campaign_id,
        template_id=opened.link.template_id,
        recipient_domain=opened.message.rcpt_to.rpartition("@")[2].lower(),
        sending_domain=opened.link.sending_domain,
        link_label=label_of(opened.link),
        is_prefetched=opened.verdict.is_prefetched,
        traffic=opened.verdict.traffic.value,
        sent_with=opened.message.sent_with,
        **opened.known.columns,
        data=_data(opened, event_type),
    )


def unsubscribes(link: LinkPart, verdict: Verdict) -> bool:
    """Whether the hit may unsubscribe its recipient: a machine's never does, others are decided on later."""
    return link.unsubscribe and link.kind in CLICK_KINDS and not is_machine(verdict)


def is_machine(verdict: Verdict) -> bool:
    """Whether no person made the hit."""
    return verdict.is_prefetched or verdict.traffic in MACHINES


def _event_id(hit: Hit, link: LinkPart, event_type: EventType) -> UUID:
    if event_type is TYPE_OF_KIND[link.kind]:
        return UUID(bytes=hit.event_id)
    return UUID(bytes=hashlib.blake2b(hit.event_id + event_type.encode(), digest_size=16).digest(), version=5)


def label_of(link: LinkPart) -> str:
    """The row of the link in reports (contract 80 §7)."""
    return link.label or link.name or link.url


def _data(opened: OpenedHit, event_type: EventType) -> dict[str, Any]:
    hit, message, link = opened.hit, opened.message, opened.link
    data: dict[str, Any] = {
        **_of_message(opened.known, event_type),
        "customer_id": CUSTOMER_ID,
        "message_id": ids.message_id(message.message, message.block_time),
        "raw_rcpt_to": message.rcpt_to,
        "rcpt_meta": message.metadata,
        "rcpt_tags": list(message.tags),
        "open_tracking": bool(message.sent_with & SENT_WITH_OPEN_TRACKING),
        "click_tracking": bool(message.sent_with & SENT_WITH_CLICK_TRACKING),
        "initial_pixel": bool(message.sent_with & SENT_WITH_INITIAL_OPEN),
        "amp_enabled": bool(message.sent_with & SENT_WITH_AMP),
        "traffic": told(opened.verdict) | _observed(opened),
    }
    if link.template_version:
        data["template_version"] = str(link.template_version)
    if hit.address:
        data["ip_address"] = hit.address
    if event_type is EventType.LIST_UNSUBSCRIBE:
        return data | _of_unsubscribe(hit, message)
    data |= _of_reader(opened)
    if event_type is EventType.LINK_UNSUBSCRIBE:
        data |= _of_unsubscribe(hit, message)
    if link.url:
        data |= {"target_link_url": link.url, "target_link_name": link.name or UNNAMED_LINK}
        # Ours: two links to one destination are two places of the message.
        data["link"] = {"part": link.part, "position": link.position}
    return data


def told(verdict: Verdict) -> dict[str, Any]:
    """A verdict as events tell it."""
    return {"class": verdict.traffic.value, "reasons": verdict.reasons, "rules": verdict.version}


def _observed(opened: OpenedHit) -> dict[str, Any]:
    """What else a later judgement needs: milliseconds since sending, the link, what was special about it."""
    seen: dict[str, Any] = {"after_ms": opened.hit.at_ms - opened.message.sent_at * 1000}
    if opened.link.position:
        seen["link"] = link_of(opened.link)
    marks = {
        Mark.UNSUBSCRIBE: opened.link.unsubscribe,
        Mark.PREFETCH: opened.hit.prefetch,
        Mark.AFTER_HEAD: opened.after_head,
    }
    if any(marks.values()):
        seen["marks"] = [mark.value for mark, is_set in marks.items() if is_set]
    return seen


def link_of(link: LinkPart) -> str:
    """What tells a link from the others of its message: several may lead to the same place."""
    return f"{link.part} {link.position}" if link.position else link.url


def _of_message(known: Known, event_type: EventType) -> dict[str, Any]:
    left_out = _LEFT_OUT.get(event_type, _LEFT_OUT_ELSEWHERE)
    return {name: value for name, value in known.data.items() if name not in left_out}


def _of_reader(opened: OpenedHit) -> dict[str, Any]:
    flags = {"is_proxy": opened.verdict.is_proxy, "is_prefetched": opened.verdict.is_prefetched}
    data: dict[str, Any] = {"user_agent_parsed": opened.user_agent_parsed | flags}
    if opened.hit.user_agent:
        data["user_agent"] = opened.hit.user_agent
    if opened.geo_ip:
        data["geo_ip"] = opened.geo_ip
    return data


def _of_unsubscribe(hit: Hit, message: MessagePart) -> dict[str, Any]:
    """`mailfrom` is the recipient where no unsubscribe mail was sent (contract 60 §3)."""
    data = {"mailfrom": message.rcpt_to}
    if hit.accept_language:
        data["accept_language"] = hit.accept_language
    return data
