"""The addresses that a key may be used from (contract 00 §2, `valid_ips`)."""

import ipaddress
import re
from collections.abc import Iterable

MOST_SOURCES = 100

_SEPARATOR = re.compile(r"[\s,;]+")


def split(text: str) -> list[str]:
    """The pieces of a list written with blanks, commas or line breaks between them."""
    return [piece for piece in _SEPARATOR.split(text) if piece]


def normal_form(source: str) -> str | None:
    """An address or a network in CIDR form, host bits cleared; None when it is neither."""
    try:
        network = ipaddress.ip_network(source, strict=False)
    except ValueError:
        return None
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else str(network)


def is_allowed(remote: str, sources: Iterable[str]) -> bool:
    """Whether the caller's address lies in one of `sources`; no sources allow every caller."""
    networks = [ipaddress.ip_network(source) for source in sources]
    if not networks:
        return True
    try:
        address = ipaddress.ip_address(remote)
    except ValueError:
        return False
    # A socket open for both families reports IPv4 callers as ::ffff:a.b.c.d.
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in networks)
