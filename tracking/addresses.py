"""Whose request it is: the peer, or the client that a trusted proxy speaks for (contract 50 §6)."""

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

# Entries of X-Forwarded-For looked at, from the right: nobody has more proxies of their own.
_HOPS_LIMIT = 20


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """The networks whose X-Forwarded-For is believed."""

    networks: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def from_text(cls, text: str) -> "TrustedProxies":
        """From addresses and networks separated by commas; raises ValueError for anything else."""
        entries = [entry.strip() for entry in text.split(",") if entry.strip()]
        return cls(tuple(ip_network(entry, strict=False) for entry in entries))

    def client(self, peer: str, forwarded: str) -> str:
        """The client's address, "" where none is known.

        `peer` is the address of the connection, with or without a port, "" on a Unix socket; `forwarded`
        is X-Forwarded-For. The answer is the right-most entry that is no trusted proxy; what stands left of
        it was written by the client and proves nothing.
        """
        current = _parsed(peer)
        if not forwarded or current is None or not self._trusts(current):
            return str(current or "")
        for entry in reversed(forwarded.split(",")[-_HOPS_LIMIT:]):
            parsed = _parsed(entry)
            if parsed is None:
                break
            current = parsed
            if not self._trusts(current):
                break
        return str(current)

    def _trusts(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self.networks)


@lru_cache(maxsize=4096)
def _parsed(entry: str) -> IPv4Address | IPv6Address | None:
    """An address out of `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1` or `[2001:db8::1]:80`; None for others."""
    text = entry.strip()
    if len(text) > 64:
        return None
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    # A socket for both families shows IPv4 peers as ::ffff:192.0.2.1 (RFC 4291 §2.5.5.2).
    return getattr(address, "ipv4_mapped", None) or address


@lru_cache(maxsize=4096)
def is_public(address: str) -> bool:
    """Whether this is an address of the open internet; others are a proxy's, a NAT's or our own."""
    parsed = _parsed(address)
    return parsed is not None and parsed.is_global
