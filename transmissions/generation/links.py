"""Tracked URLs of one transmission: link parts sealed once where the destination is everyone's (contract 50 §5)."""

from typing import Any, NamedTuple

import msgspec

from tracking.options import Configuration
from tracking.tokens import Kind, LinkPart, MessagePart, Sealer
from transmissions.generation import metadata
from transmissions.generation.destinations import base_url
from transmissions.generation.tracking import Tracking
from transmissions.values import Job, Recipient

TAGS_PER_RECIPIENT = 10
# A header line holds 998 characters, in which the host and the link part have to find room as well.
LONGEST_IN_HEADER = 450


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


class Numbers(NamedTuple):
    """What identifies one message: its number, the second of its block (momentum.lib.ids) and of its sending."""

    message: int
    block_time: int
    sent_at: int


class MessageParts(NamedTuple):
    """The sealed message parts of one copy, "" where nothing needs them: for pixels, links and List-Unsubscribe."""

    opens: str = ""
    clicks: str = ""
    unsubscribe: str = ""


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
    """Seals what is recipient-level: once where it can be, again for URLs that carry no metadata."""

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
        numbers: Numbers,
        *,
        unsubscribe: bool,
    ) -> MessageParts:
        """`merged` is the metadata in full; `unsubscribe`: a part is needed for List-Unsubscribe as well."""
        needs_opens = tracking.open or tracking.initial_open
        in_clicks = self._metadata_in_clicks
        full = bare = ""
        if needs_opens or ((tracking.click or unsubscribe) and in_clicks):
            carried = metadata.cut(merged, self._limit)
            full = self._seal(recipient, carried, tracking, numbers)
            if not carried:
                bare = full
        if not bare and (
            (tracking.click and not in_clicks) or (unsubscribe and (not in_clicks or len(full) > LONGEST_IN_HEADER))
        ):
            bare = self._seal(recipient, {}, tracking, numbers)
        clicks = full if in_clicks else bare
        return MessageParts(full, clicks, bare if len(clicks) > LONGEST_IN_HEADER else clicks)

    def _seal(self, recipient: Recipient, carried: dict[str, Any], tracking: Tracking, numbers: Numbers) -> str:
        return self._sealer.message_part(
            MessagePart(
                self._transmission,
                *numbers,
                recipient.email,
                recipient.tags[:TAGS_PER_RECIPIENT],
                carried,
                tracking.sent_with,
            )
        )
