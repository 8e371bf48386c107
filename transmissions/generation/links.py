"""Tracked URLs of one transmission: link parts sealed once where the destination is everyone's (contract 50 §5)."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from tracking.options import Configuration
from tracking.tokens import Kind, LinkPart, MessagePart, Sealer
from transmissions.generation import metadata
from transmissions.generation.destinations import base_url
from transmissions.generation.tracking import Tracking
from transmissions.values import Job, Recipient

TAGS_PER_RECIPIENT = 10


class Bases(NamedTuple):
    """Where tracked URLs begin, e.g. `http://track.example.org:81/f/`; all "" without a tracking host."""

    host: str
    click: str
    open: str
    unsubscribe: str
    amp_open_allowed: bool


def bases(configuration: Configuration) -> Bases:
    host = configuration.engagement_tracking_host
    if not host:
        return Bases("", "", "", "", amp_open_allowed=False)
    click = base_url(configuration.click_tracking_scheme, host)
    opened = base_url(configuration.open_tracking_scheme, host)
    return Bases(host, f"{click}/f/", f"{opened}/q/", f"{click}/u/", configuration.open_tracking_scheme == "https")


@dataclass(frozen=True, slots=True)
class MessageParts:
    """The sealed message parts of one copy, "" where nothing needs them: in pixels, and in links."""

    opens: str
    clicks: str


class LinkParts:
    """Seals link parts that differ only in what the caller says; those for every message are kept."""

    def __init__(self, job: Job, sealer: Sealer, sending_domain: str) -> None:
        self._sealer = sealer
        self._common = LinkPart(
            Kind.OPEN,
            job.transmission_id,
            campaign_id=job.campaign_id,
            template_id=job.template_id,
            template_version=job.template_version,
            sending_domain=sending_domain,
        )
        self._kept: dict[Kind, str] = {}

    def of_kind(self, kind: Kind) -> str:
        """The link part of a pixel or of List-Unsubscribe."""
        if kind not in self._kept:
            self._kept[kind] = self.click(kind=kind)
        return self._kept[kind]

    def click(self, **fields: Any) -> str:
        """The link part with these fields of LinkPart set."""
        return self._sealer.link_part(msgspec.structs.replace(self._common, **fields))


class MessagePartSealer:
    """Seals what is recipient-level: once, or twice where clicks are to carry no metadata."""

    def __init__(self, job: Job, configuration: Configuration, sealer: Sealer) -> None:
        self._transmission = job.transmission_id
        self._limit = configuration.max_metadata_len
        self._metadata_in_clicks = configuration.click_tracking_include_metadata
        self._sealer = sealer

    def __call__(
        self,
        recipient: Recipient,
        merged: dict[str, Any],
        tracking: Tracking,
        numbers: tuple[int, int, int],
        *,
        clicks: bool,
    ) -> MessageParts:
        """`numbers` are message number, block time and sending time; `clicks`: some URL needs that part."""
        opens = tracking.open or tracking.initial_open
        full = metadata.cut(merged, self._limit)
        carried = full if opens or self._metadata_in_clicks else {}
        if not opens and not clicks:
            return MessageParts("", "")
        sealed = self._seal(recipient, carried, tracking, numbers)
        if carried and clicks and not self._metadata_in_clicks:
            return MessageParts(sealed, self._seal(recipient, {}, tracking, numbers))
        return MessageParts(sealed, sealed)

    def _seal(
        self, recipient: Recipient, carried: dict[str, Any], tracking: Tracking, numbers: tuple[int, int, int]
    ) -> str:
        number, block_time, sent_at = numbers
        return self._sealer.message_part(
            MessagePart(
                *(self._transmission, number, block_time, sent_at, recipient.email),
                *(recipient.tags[:TAGS_PER_RECIPIENT], carried, tracking.sent_with),
            )
        )
