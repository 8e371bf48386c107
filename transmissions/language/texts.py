"""A value's text (contract 40 §5) and its escapes (§6, §7)."""

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

# Python refuses to print longer integers.
_LARGEST_INTEGER = 10**4000

# U+0000 never leaves (contract 40 §16.11); a lone surrogate, which JSON can spell, has no UTF-8.
_UNFIT = re.compile("[\0\ud800-\udfff]")
_JSON_ESCAPE = re.compile(r'["\\\x00-\x1f]')
_JSON_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


class Raw(str):
    """Text that no position escapes: what a macro gave."""

    __slots__ = ()


def text(value: Any) -> str:
    """The text of a value before any escaping; what is no JSON value has none."""
    if isinstance(value, str):
        return clean(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return number_text(value)
    return clean(json_text(value)) if isinstance(value, dict | list | tuple) else ""


def clean(value: str) -> str:
    if value.isascii() and "\0" not in value:
        return value
    return _UNFIT.sub(lambda match: "" if match[0] == "\0" else "\ufffd", value)


def html(value: Any) -> str:
    """The text of a value for markup outside of link URLs (§6)."""
    shown = value if type(value) is str and value.isascii() and "\0" not in value else text(value)
    if isinstance(value, Raw):
        return shown
    # six searches that find nothing cost less than one regular expression
    shown = shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return shown.replace('"', "&quot;").replace("'", "&#39;").replace("/", "&#x2F;")


def url(value: Any) -> str:
    """The text of a value inside of a link URL (§7)."""
    shown = text(value)
    return shown if isinstance(value, Raw) or (shown.isalnum() and shown.isascii()) else quote(shown, safe="")


def number_text(number: float) -> str:
    """An integer with all its digits, anything else with up to 14 significant ones, never an exponent (§5)."""
    if isinstance(number, float):
        if not math.isfinite(number):
            return str(number)
        if not number.is_integer():
            return _fraction_text(number)
        number = int(number)
    return str(number) if abs(number) < _LARGEST_INTEGER else number_text(_as_float(number))


def _as_float(number: int) -> float:
    return math.inf if number > 0 else -math.inf


def _fraction_text(number: float) -> str:
    mantissa, exponent = f"{number:.13e}".split("e")
    sign = "-" if number < 0 else ""
    digits = mantissa.lstrip("-").replace(".", "").rstrip("0") or "0"
    point = int(exponent) + 1
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    if point >= len(digits):
        return sign + digits.ljust(point, "0")
    return f"{sign}{digits[:point]}.{digits[point:]}"


def json_text(value: Any) -> str:
    """Compact JSON with numbers as the language shows them (§5); no recursion, however deep the value."""
    pieces: list[str] = []
    waiting: list[Any] = [value]
    while waiting:
        value = waiting.pop()
        if isinstance(value, Raw):
            pieces.append(value)
        elif isinstance(value, dict):
            waiting.extend(reversed(list(_members(value))))
        elif isinstance(value, list | tuple):
            waiting.extend(reversed(list(_elements(value))))
        else:
            pieces.append(_scalar(value))
    return "".join(pieces)


def _members(value: dict[str, Any]) -> Iterator[Any]:
    separator = "{"
    for key, member in value.items():
        yield Raw(f"{separator}{_json_string(str(key))}:")
        yield member
        separator = ","
    yield Raw("}" if value else "{}")


def _elements(value: Sequence[Any]) -> Iterator[Any]:
    separator = "["
    for element in value:
        yield Raw(separator)
        yield element
        separator = ","
    yield Raw("]" if value else "[]")


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _json_string(value)
    if isinstance(value, float) and not math.isfinite(value):
        return "null"
    return text(value) or "null"


def _json_string(value: str) -> str:
    escaped = _JSON_ESCAPE.sub(lambda match: _JSON_ESCAPES.get(match[0], f"\\u{ord(match[0]):04x}"), value)
    return f'"{escaped}"'
