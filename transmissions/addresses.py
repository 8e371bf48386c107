"""Email addresses as callers send them: found valid, split from their display name, domains as A-labels."""

import re
from email.utils import getaddresses
from functools import lru_cache

import idna

# RFC 5321 §4.5.3.1.3 allows a path of 256 octets, the two angle brackets included.
MAX_ADDRESS_BYTES = 254
_MAX_LOCAL_BYTES = 64

# RFC 5321 §4.1.2 dot-string and quoted-string, with the UTF-8 of RFC 6531 §3.3.
_LOCAL_PART = re.compile(
    r"""(?:[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]+)*"""
    r"""|"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*")\Z"""
)
_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_\-]{0,61}[A-Za-z0-9_])?"
_ASCII_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*\Z")
_BLANKS_IN_UNICODE = re.compile(r"[\s\u200b-\u200f\u2028-\u202e\ufeff]")


def parse_address(text: str) -> str | None:
    """The address as given, its domain as A-label, or None when it is not an address (contract 10 §4.3)."""
    local, at, domain = text.rpartition("@")
    if not at or not _LOCAL_PART.match(local) or len(local.encode()) > _MAX_LOCAL_BYTES:
        return None
    ascii_domain = domain_to_ascii(domain)
    if ascii_domain is None or (not local.isascii() and _BLANKS_IN_UNICODE.search(local)):
        return None
    address = text if ascii_domain == domain else f"{local}@{ascii_domain}"
    return address if len(address.encode()) <= MAX_ADDRESS_BYTES else None


@lru_cache(maxsize=4096)
def domain_to_ascii(domain: str) -> str | None:
    """The domain as given if it is ASCII, else as A-labels (RFC 5891); None when it cannot be a domain."""
    if not domain.isascii():
        try:
            domain = idna.encode(domain, uts46=True).decode()
        except idna.IDNAError:
            return None
    return domain if len(domain) <= 253 and _ASCII_DOMAIN.match(domain) else None


def split_mailbox(text: str) -> tuple[str, str]:
    """Name and address of `Name <a@b.test>` or `a@b.test`; the address is not checked."""
    stripped = text.strip()
    if not stripped.endswith(">") or "<" not in stripped:
        return "", stripped
    name, address = getaddresses([stripped])[0] if stripped.count("<") == 1 else ("", stripped)
    return name, address.strip()


def domain_of(address: str) -> str:
    """The lower-case domain of an address; "" if it has none."""
    return address.rpartition("@")[2].lower() if "@" in address else ""
