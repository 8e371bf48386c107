"""Mail addresses in header fields (RFC 5322 §3.4, RFC 6532): taken apart, checked, written."""

import re
from typing import NamedTuple

from transmissions.generation import headers

LONGEST_ADDRESS = 254  # bytes, RFC 5321 §4.5.3.1.3 less the angle brackets

_FORBIDDEN = re.compile(r'[\x00-\x20\x7f<>(),;:\\"\[\]]')
_QUOTED_LOCAL = re.compile(r'"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*"')
_DOT_ATOM = re.compile(r"[^\x00-\x20\x7f<>()\[\]:;@\\,.\"]+(?:\.[^\x00-\x20\x7f<>()\[\]:;@\\,.\"]+)*")
_LABEL = r"[a-zA-Z0-9_](?:[a-zA-Z0-9_-]*[a-zA-Z0-9_])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*|\[[0-9a-zA-Z.:]+\]")


class Address(NamedTuple):
    """A mailbox: `email` with its domain as A-label, `name` decoded and "" if there is none."""

    email: str
    name: str = ""

    @property
    def domain(self) -> str:
        return self.email.rpartition("@")[2].lower()

    @property
    def needs_utf8(self) -> bool:
        """Whether only SMTPUTF8 can carry it (RFC 6531)."""
        return not self.email.isascii()


def parse(text: str) -> Address | None:
    """One mailbox, `a@b.test` or `Name <a@b.test>`; None if it is not one."""
    text = headers.clean(text)
    name = ""
    if text.endswith(">"):
        name, opened, text = text[:-1].rpartition("<")
        if not opened:
            return None
        name = _unquoted(name.strip(" "))
        text = text.strip(" ")
    local, _, domain = text.rpartition("@")
    domain = domain if domain.isascii() else _a_label(domain)
    email = f"{local}@{domain}"
    if _size(email) > LONGEST_ADDRESS or not _DOMAIN.fullmatch(domain) or not _is_local_part(local):
        return None
    return Address(email, name)


def split(text: str) -> list[str]:
    """The elements of an address list; commas in quotes, angle brackets and comments do not count."""
    items, start, quoted, depth, position = [], 0, False, 0, 0
    while position < len(text):
        character = text[position]
        if character == "\\" and (quoted or depth):
            position += 1
        elif character == '"':
            quoted = not quoted
        elif not quoted and character in "(<":
            depth += 1
        elif not quoted and character in ")>":
            depth = max(depth - 1, 0)
        elif character == "," and not quoted and not depth:
            items.append(text[start:position])
            start = position + 1
        position += 1
    items.append(text[start:])
    return [item.strip(" ") for item in items if item.strip(" ")]


def mailbox(address: Address) -> str:
    """The mailbox as header text: encoded words in the name, the local part quoted where it has to be."""
    local, _, domain = address.email.rpartition("@")
    if not _DOT_ATOM.fullmatch(local) and not _QUOTED_LOCAL.fullmatch(local):
        local = '"' + local.replace("\\", "\\\\").replace('"', '\\"') + '"'
    specification = f"{local}@{domain}"
    return f"{headers.phrase(address.name)} <{specification}>" if address.name else specification


def address_list(text: str) -> str:
    """A list of addresses as header text: verbatim if ASCII, else each name re-encoded.

    Elements that are no addresses become encoded words: free text is allowed here (contract 10 §6.3).
    """
    text = headers.clean(text)
    if text.isascii():
        return text
    return ", ".join(_element(item) for item in split(text))


def _element(item: str) -> str:
    address = parse(item)
    if address is not None:
        return mailbox(address)
    return item if item.isascii() else headers.phrase(item)


def _unquoted(name: str) -> str:
    if len(name) > 1 and name.startswith('"') and name.endswith('"'):
        return re.sub(r"\\(.)", r"\1", name[1:-1])
    return name


def _is_local_part(local: str) -> bool:
    if not local:
        return False
    return not _FORBIDDEN.search(local) or bool(_QUOTED_LOCAL.fullmatch(local))


def _size(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _a_label(domain: str) -> str:
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return ""
