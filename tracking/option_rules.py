"""What may be typed for each msg_gen option, and how its value is said (contract 50 §1). No Django."""

import ipaddress
import re
from dataclasses import Field, dataclass, fields
from typing import Any

from tracking.options import ACCOUNT, ENGAGEMENT_TRACKER, MSG_GEN, Configuration

Value = bool | int | str

OPTIONS: dict[str, "Field[Any]"] = {option.name: option for option in fields(Configuration)}

_DEFAULTS = Configuration()

# The sections of the page in the order of the contract, with their titles.
SECTIONS = {
    MSG_GEN: "Message generation",
    ENGAGEMENT_TRACKER: "Engagement tracker",
    ACCOUNT: "Account",
}

# Known to the original's configuration files; they describe its cluster and scheduler, which differ here.
WITHOUT_EFFECT = ("cluster_cfg", "quorum", "node", "scheduled_send")

_HOST_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE)
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_SPANS = ((86_400, "day"), (3_600, "hour"), (60, "minute"))


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a text is no value of an option, in a sentence for the person who typed it."""

    reason: str


def default(name: str, tracking_host: str) -> Value:
    """An option's default; that of `engagement_tracking_host` is this installation's own `tracking_host`."""
    value: Value = getattr(_DEFAULTS, name)
    return tracking_host if name == "engagement_tracking_host" else value


def read(name: str, text: str) -> Value | Problem:
    """The value of an option as typed."""
    option, text = OPTIONS[name], text.strip()
    if isinstance(getattr(_DEFAULTS, name), bool):
        return {"on": True, "off": False}.get(text, Problem("Choose on or off."))
    if isinstance(getattr(_DEFAULTS, name), int):
        return _integer(text, option.metadata["minimum"], option.metadata["maximum"])
    if choices := option.metadata.get("choices"):
        return text if text in choices else Problem(f"Choose {' or '.join(choices)}.")
    return host(text)


def host(text: str) -> str | Problem:
    """A host name, an IPv4 address or an IPv6 address in brackets, with a port or without; in lower case."""
    if "//" in text:
        return Problem("Leave out the scheme: only host or host:port.")
    name, colon, port = _split_port(text)
    if colon and not (colon == ":" and _PORT.fullmatch(port) and int(port) <= 65_535):
        return Problem("The port after the colon must be a number from 1 to 65535.")
    if not name:
        return Problem("A host is needed: every tracked link points to it.")
    if not (_is_bracketed_ipv6(name) or _is_ipv4(name) or _is_host_name(name)):
        return Problem("This is not a host name: letters, digits and hyphens between dots, or an IP address.")
    return text.lower()


def as_text(value: Value) -> str:
    """A value the way `read` takes it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return str(value)


def in_words(name: str, value: Value) -> str:
    """A value with its unit; spans of time also in days, hours or minutes where that is exact."""
    unit = OPTIONS[name].metadata["unit"]
    if isinstance(value, bool) or not isinstance(value, int):
        return as_text(value)
    said = f"{value:,} {unit}".rstrip()
    for seconds, span in _SPANS:
        if unit == "seconds" and value and value % seconds == 0:
            count = value // seconds
            return f"{said} ({count:,} {span}{'s' if count > 1 else ''})"
    return said


def bounds(name: str) -> str:
    """What is allowed, for the line below the field; "" where the field itself shows it."""
    rules = OPTIONS[name].metadata
    if "minimum" in rules:
        return f"{rules['minimum']:,} to {rules['maximum']:,} {rules['unit']}"
    return rules["unit"] if "choices" not in rules else ""


def _integer(text: str, minimum: int, maximum: int) -> int | Problem:
    if not _INTEGER.fullmatch(text):
        return Problem("Type a whole number, digits only.")
    if not minimum <= int(text) <= maximum:
        return Problem(f"The number must lie between {minimum:,} and {maximum:,}.")
    return int(text)


def _split_port(text: str) -> tuple[str, str, str]:
    if text.startswith("["):
        address, bracket, rest = text.partition("]")
        return address + bracket, rest[:1], rest[1:]
    return text.partition(":")


def _is_bracketed_ipv6(name: str) -> bool:
    if not (name.startswith("[") and name.endswith("]")) or "%" in name:
        return False
    try:
        ipaddress.IPv6Address(name[1:-1])
    except ValueError:
        return False
    return True


def _is_ipv4(name: str) -> bool:
    try:
        ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True


def _is_host_name(name: str) -> bool:
    # The last label of a name is never all digits (RFC 1123 §2.1): such text is a mistyped address.
    labels = name.split(".")
    return len(name) <= 253 and all(map(_HOST_LABEL.fullmatch, labels)) and not labels[-1].isdecimal()
