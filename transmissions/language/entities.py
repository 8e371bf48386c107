"""Character references in attribute values, as browsers read them (HTML standard §13.2.5.73)."""

import re
from html import unescape
from html.entities import html5

_REFERENCE = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|([A-Za-z][A-Za-z0-9]*)(;|=)?)")


def decode_attribute(value: str) -> str:
    """`&amp;` → `&`; but `&copy=1` stays, as in an attribute an unclosed name before `=` is no reference."""
    if value.count("&") == value.count("&amp;"):
        return value.replace("&amp;", "&")
    return _REFERENCE.sub(_decode, value)


def _decode(match: re.Match[str]) -> str:
    name, following = match[1], match[2]
    if name is None:
        return unescape(match[0])
    if following == "=":
        return match[0]
    return html5.get(name + (following or ""), match[0])
