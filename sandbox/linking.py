"""Plain text as HTML with links to click."""

import re

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

LONGEST_TEXT = 500_000
_URL = re.compile(r"https?://[^\s<>\"'`]{1,4000}", re.IGNORECASE)
_AFTER = ".,;:!?)]}*_"


def linked(text: str) -> SafeString:
    """The escaped text; http and https addresses open in a new tab."""
    pieces: list[str] = []
    end = 0
    text = text[:LONGEST_TEXT]
    for found in _URL.finditer(text):
        url = found[0].rstrip(_AFTER)
        pieces += (
            conditional_escape(text[end : found.start()]),
            format_html('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>', url, url),
        )
        end = found.start() + len(url)
    pieces.append(conditional_escape(text[end:]))
    return mark_safe("".join(pieces))  # noqa: S308 - every piece is escaped above
