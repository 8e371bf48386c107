"""What events keep of a person and what goes: by setting, by age, and when the person asks (contract 95 §7)."""

import ipaddress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from momentum.lib import clock
from tracking.events import CLICK_TYPES, Event, EventType
from tracking.hits import Hit


class HitAddresses(StrEnum):
    """How much of a client's address is stored (the variable HIT_ADDRESSES)."""

    FULL = "full"
    TRUNCATED = "truncated"  # the network alone: /24 of IPv4, /48 of IPv6
    NONE = "none"


# What says from where and with what somebody read; kept for HIT_DETAILS_KEPT_DAYS.
HIT_DETAILS = ("ip_address", "user_agent", "accept_language")
# What an opt-out keeps out of later events.
_OPTED_OUT = ("geo_ip", "user_agent_parsed")
# Beside the address: everything in which the person, or what callers know of them, can stand.
_ERASED = (*HIT_DETAILS, *_OPTED_OUT, "rcpt_hash", "rcpt_subs", "mailfrom", "raw_reason", "remote_addr")
# These must not be missing from an event (contract 60 §4).
_EMPTIED: dict[str, Any] = {"raw_rcpt_to": "", "rcpt_meta": {}, "rcpt_tags": []}


@dataclass(frozen=True, slots=True)
class Keeping:
    """What the settings allow to be stored of a hit; `details_kept` None means as long as the event."""

    addresses: HitAddresses = HitAddresses.FULL
    details_kept: timedelta | None = None

    def reduced(self, hit: Hit) -> Hit:
        """The hit with as much of address and agent as may be stored now."""
        if self._is_old(hit):
            return msgspec.structs.replace(hit, address="", user_agent="", accept_language="")
        if self.addresses is HitAddresses.FULL or not hit.address:
            return hit
        return msgspec.structs.replace(hit, address=shortened(hit.address, self.addresses))

    def _is_old(self, hit: Hit) -> bool:
        if self.details_kept is None:
            return False
        return hit.at_ms / 1000 < (clock.now() - self.details_kept).timestamp()


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person has asked for.

    An erasure concerns all mail that had been accepted when it was done; until then, all mail there is.
    """

    opted_out: bool = False
    erasing: bool = False
    erased_at: datetime | None = None

    def erases(self, block_time: int) -> bool:
        """Whether nothing personal may be kept of a message accepted at this Unix second."""
        return self.erasing or (self.erased_at is not None and block_time <= self.erased_at.timestamp())


NO_WISH = Wish()


def shortened(address: str, how_much: HitAddresses) -> str:
    """The address as it is stored; what is no address is stored in full or not at all."""
    if how_much is HitAddresses.FULL:
        return address
    if how_much is HitAddresses.NONE:
        return ""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    prefix = 24 if parsed.version == 4 else 48
    return str(ipaddress.ip_network((parsed, prefix), strict=False).network_address)


def respecting(event: Event, wish: Wish, block_time: int) -> Event:
    """The event of a hit as the person wants it to be stored."""
    if wish.erases(block_time):
        return erased(event)
    if wish.opted_out:
        return replace(event, data={name: event.data[name] for name in event.data if name not in _OPTED_OUT})
    return event


def erased(event: Event) -> Event:
    """The event with nothing left of the person; what reports count stays."""
    return replace(event, rcpt_to="", data=erased_data(event.type, event.link_label, event.data))


def erased_data(event_type: str, link_label: str, data: dict[str, Any]) -> dict[str, Any]:
    """The data of an erased event."""
    kept = {name: value for name, value in data.items() if name not in _ERASED} | _EMPTIED
    if "target_link_url" in kept and (event_type in CLICK_TYPES or event_type == EventType.LINK_UNSUBSCRIBE):
        # A destination may have been made for one person; the link's row in reports is the same for all.
        kept["target_link_url"] = link_label
        if not link_label.lower().startswith(("http://", "https://")):
            del kept["target_link_url"]
    return kept


def without_details(data: dict[str, Any]) -> dict[str, Any]:
    """The data of a hit's event once its details have been kept long enough."""
    return {name: value for name, value in data.items() if name not in HIT_DETAILS}
