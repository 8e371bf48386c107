"""Where in the template a rendered element comes from.

Rendering moves lines: statements vanish, loops repeat. So each link and image of the source carries its line
through the rendering in an attribute, which is taken out again before anything is measured.
"""

import re

from transmissions.language.elements import Element

ATTRIBUTE = "data-preflight-line"

_ELEMENT = re.compile(r"<(?:a|area|img)(?=[\s>/{])", re.IGNORECASE)
# Without quotes, and a blank behind it: the element may stand in a string of the template language.
_MARK = re.compile(rf" {ATTRIBUTE}=[0-9]{{1,9}} ")
_BREAK = re.compile(r"\r\n|\r|\n")


def marked(source: str) -> str:
    """The template with the line of each `<a`, `<area` and `<img`."""
    pieces: list[str] = []
    position, line = 0, 1
    for element in _ELEMENT.finditer(source):
        line += len(_BREAK.findall(source, position, element.end()))
        pieces += source[position : element.end()], f" {ATTRIBUTE}={line} "
        position = element.end()
    return "".join((*pieces, source[position:]))


def unmarked(markup: str) -> str:
    return _MARK.sub("", markup)


def line_of(element: Element) -> int | None:
    """None for an element that came from data."""
    text = element.attributes.get(ATTRIBUTE, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None
