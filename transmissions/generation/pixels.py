"""Open pixels: their markup, and their places in html that is only known once it is rendered (contract 50 §3)."""

import re
from typing import NamedTuple

# No room: a block of one pixel that the next element is drawn over. Readers may skip images that are hidden.
_NO_ROOM = ' style="display:block;width:1px;height:1px;border:0;margin:0 0 -1px 0"'

_LANDMARK = re.compile(r"<!--|<(/?)(html|body|script|style|textarea|title)(?=[\s/>])", re.IGNORECASE)
_END_OF_TAG = re.compile(r"""(?:[^>"']|"[^"]*"|'[^']*')*+>""")


class Places(NamedTuple):
    """Offsets at which the pixels go; `top` is None where the html has not both `<html` and `<body`."""

    top: int | None
    bottom: int


def bottom_markup(url: str) -> str:
    return f'<img border="0" width="1" height="1" alt="" src="{url}">'


def top_markup(url: str) -> str:
    return f'<img border="0" width="1" height="1" alt="" src="{url}"{_NO_ROOM}>'


def amp_markup(url: str) -> str:
    return f'<amp-img width="1" height="1" alt="" src="{url}"></amp-img>'


def places(html: str) -> Places:
    """Behind the first `<body …>`; before the last `</body>`, else the last `</html>`, else at the end.

    What stands in comments, scripts, styles, text areas and titles is no tag.
    """
    seen_html = False
    top = end_of_body = end_of_html = None
    position = 0
    while found := _LANDMARK.search(html, position):
        position = found.end()
        closing, name = found.groups()
        match (name or "").lower():
            case "":
                position = _behind(html, "-->", found.end() - len("--"))
            case "html":
                seen_html = seen_html or not closing
                end_of_html = found.start() if closing else end_of_html
            case "body" if closing:
                end_of_body = found.start()
            case "body" if top is None:
                tag = _END_OF_TAG.match(html, position)
                top = position = tag.end() if tag else len(html)
            case "body":
                pass
            case raw if not closing:
                position = _behind_element(html, raw, position)
    bottom = next((place for place in (end_of_body, end_of_html) if place is not None), len(html))
    return Places(top if seen_html else None, bottom)


def insert(html: str, top: str, bottom: str) -> str:
    """The html with its pixels; "" for one that is switched off."""
    found = places(html)
    if found.top is None:
        return html[: found.bottom] + bottom + html[found.bottom :]
    if found.top > found.bottom:
        return html[: found.bottom] + bottom + html[found.bottom : found.top] + top + html[found.top :]
    return html[: found.top] + top + html[found.top : found.bottom] + bottom + html[found.bottom :]


def _behind(html: str, mark: str, start: int) -> int:
    found = html.find(mark, start)
    return len(html) if found < 0 else found + len(mark)


def _behind_element(html: str, name: str, start: int) -> int:
    found = re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE).search(html, start)
    return found.end() if found else len(html)
