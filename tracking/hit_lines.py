"""Hits as lines of PostgreSQL's COPY, put together from pieces that many of them share.

The hit path's volume goes through here: no event object is made, and what repeats (link, agent, verdict) is encoded
once. A line says exactly what tracking.hit_events says with an Event, as tests hold.
"""

import time
from functools import lru_cache
from typing import Any, NamedTuple

import msgspec

from momentum.lib import ids
from tracking import agents, log
from tracking.classify import Verdict
from tracking.enrichment import Known
from tracking.hit_events import (
    CUSTOMER_ID,
    TYPE_OF_KIND,
    UNNAMED_LINK,
    Mark,
    label_of,
    link_of,
    told,
)
from tracking.hits import Hit
from tracking.tokens import (
    SENT_WITH_AMP,
    SENT_WITH_CLICK_TRACKING,
    SENT_WITH_INITIAL_OPEN,
    SENT_WITH_OPEN_TRACKING,
    LinkPart,
    MessagePart,
)

_encode = msgspec.json.Encoder().encode
_LINKS_KEPT = 4096
# COPY's text form: these would end a field or a line, or begin an escape.
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class _OfLink(NamedTuple):
    """What all hits on one link say alike: columns, ready for COPY, and members of the JSON object."""

    type: str
    campaign_to_template: str
    sending_domain: str
    label: str
    members: str
    traffic: str
    marks: tuple[str, ...]


class Lines:
    """Makes the lines; keeps the pieces of the latest links."""

    def __init__(self) -> None:
        self._links: dict[str, _OfLink] = {}

    def line(
        self,
        hit: Hit,
        message: MessagePart,
        link: LinkPart,
        verdict: Verdict,
        geo_ip: dict[str, Any],
        known: Known,
        after_head: bool,
        user_agent: str,
    ) -> str:
        """The line of the event that the hit makes of itself, without its end, in the order of log.COLUMNS.

        `user_agent` is the reader's; the hit's own may be gone, where it is not to be stored.
        """
        of_link = self._links.get(hit.link_part) or self._keep(hit.link_part, link)
        rcpt_to = _escaped(message.rcpt_to.lower())
        of_message, columns = ("", _NO_COLUMNS) if known.is_nothing else (_members_of(known), _columns_of(known))
        geo = f',"geo_ip":{_json(geo_ip)}' if geo_ip else ""
        address = f',"ip_address":{_json(hit.address)}' if hit.address else ""
        after_ms = hit.at_ms - message.sent_at * 1000
        data = (
            f'{{{of_message}"customer_id":"{CUSTOMER_ID}"'
            f',"message_id":"{ids.message_id(message.message, message.block_time)}"'
            f',"raw_rcpt_to":{_json(message.rcpt_to)}'
            f',"rcpt_meta":{_json(message.metadata) if message.metadata else "{}"}'
            f',"rcpt_tags":{_json(message.tags) if message.tags else "[]"}'
            f"{_settings(message.sent_with)}{address}{geo}"
            f"{_of_agent(user_agent, bool(hit.user_agent), verdict.is_proxy, verdict.is_prefetched)}"
            f"{of_link.members}"
            f',"traffic":{{{_told(verdict)},"after_ms":{after_ms}{of_link.traffic}'
            f"{_marks(of_link.marks, hit.prefetch, after_head)}}}}}"
        )
        if "\\u0000" in data:
            data = log.as_json(msgspec.json.decode(data))
        if "\\" in data:
            # JSON text has no other character that COPY would take for its own.
            data = data.replace("\\", "\\\\")
        return (
            f"{hit.event_id.hex()}\t{of_link.type}\t{_second(hit.at_ms // 1000)}.{hit.at_ms % 1000:03d}+00\t"
            f"{message.message}\t{rcpt_to}\t{message.transmission}\t{of_link.campaign_to_template}\t"
            f"{rcpt_to.rpartition('@')[2]}\t{of_link.sending_domain}\t"
            f"{columns[0]}\t{columns[1]}\t{columns[2]}\t{columns[3]}\t{columns[4]}\t{of_link.label}\t\t\\N\t"
            f"{columns[6]}\t{columns[5]}\t{columns[7]}\t"
            f"{'t' if verdict.is_prefetched else 'f'}\t{verdict.traffic.value}\t{message.sent_with}\t{data}"
        )

    def _keep(self, link_part: str, link: LinkPart) -> _OfLink:
        if len(self._links) >= _LINKS_KEPT:
            self._links.clear()
        version = f',"template_version":"{link.template_version}"' if link.template_version else ""
        target = (
            f',"target_link_url":{_json(link.url)},"target_link_name":{_json(link.name or UNNAMED_LINK)}'
            f',"link":{{"part":{_json(link.part)},"position":{link.position}}}'
            if link.url
            else ""
        )
        found = self._links[link_part] = _OfLink(
            type=TYPE_OF_KIND[link.kind].value,
            campaign_to_template=f"{_escaped(link.campaign_id)}\t{_escaped(link.template_id)}",
            sending_domain=_escaped(link.sending_domain),
            label=_escaped(label_of(link)),
            members=version + target,
            traffic=f',"link":{_json(link_of(link))}' if link.position else "",
            marks=(Mark.UNSUBSCRIBE.value,) if link.unsubscribe else (),
        )
        return found


def _escaped(text: str) -> str:
    if text.isprintable() and "\\" not in text:
        return text
    return text.translate(_ESCAPES)


def _json(value: Any) -> str:
    return _encode(value).decode()


# In the order of log.COLUMNS, but for the three numbers: msg_size, num_retries, queue_time.
_KNOWN = (
    *("sending_ip", "ip_pool", "mailbox_provider", "mailbox_provider_region", "subject_campaign"),
    *("msg_size", "num_retries", "queue_time"),
)
_NO_COLUMNS = ("", "", "", "", "", "0", "0", "0")
# Engagement events do not repeat it (contract 60 §2).
_LEFT_OUT = "recv_method"


def _columns_of(known: Known) -> tuple[str, ...]:
    found = known.columns
    return tuple(
        _escaped(str(found[name])) if name in found else default
        for name, default in zip(_KNOWN, _NO_COLUMNS, strict=True)
    )


def _members_of(known: Known) -> str:
    data = known.data
    if _LEFT_OUT in data:
        data = {name: value for name, value in data.items() if name != _LEFT_OUT}
    return _json(data)[1:-1] + "," if data else ""


@lru_cache(maxsize=4096)
def _second(unix_s: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(unix_s))


@lru_cache(maxsize=16)
def _settings(sent_with: int) -> str:
    named = {
        "open_tracking": SENT_WITH_OPEN_TRACKING,
        "click_tracking": SENT_WITH_CLICK_TRACKING,
        "initial_pixel": SENT_WITH_INITIAL_OPEN,
        "amp_enabled": SENT_WITH_AMP,
    }
    return "," + _json({name: bool(sent_with & bit) for name, bit in named.items()})[1:-1]


@lru_cache(maxsize=10_000)
def _of_agent(user_agent: str, is_stored: bool, is_proxy: bool, is_prefetched: bool) -> str:
    flags = {"is_proxy": is_proxy, "is_prefetched": is_prefetched}
    members: dict[str, Any] = {"user_agent_parsed": agents.parsed(user_agent) | flags}
    if is_stored:
        members["user_agent"] = user_agent
    return "," + _json(members)[1:-1]


@lru_cache(maxsize=1000)
def _told(verdict: Verdict) -> str:
    return _json(told(verdict))[1:-1]


def _marks(of_link: tuple[str, ...], prefetch: bool, after_head: bool) -> str:
    if not (of_link or prefetch or after_head):
        return ""
    marks = (*of_link, *(Mark.PREFETCH.value,) * prefetch, *(Mark.AFTER_HEAD.value,) * after_head)
    return f',"marks":{_json(marks)}'
