"""Tags of an AMP part that belong to the mail client, not to us (contract 40 §11)."""

import bisect
import re
from collections.abc import Callable

from transmissions.language.lexer import Tag
from transmissions.language.words import BRACES

_TEMPLATE = re.compile(r"<template\b[^<>]*\btype\s*=\s*[\"']?amp-mustache\b[^<>]*>", re.IGNORECASE)
_END = re.compile(r"</template\b", re.IGNORECASE)
_OURS = re.compile(rf"\b(?:sparkpost|momentum|loop_vars?)\b|\b(?:{'|'.join(BRACES)})\s*\(|^\s*(?:else|end)\s*$")


def kept_tags(source: str) -> Callable[[Tag, int], bool]:
    """A test whether the tag that starts at an index stays literal."""
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    while opening := _TEMPLATE.search(source, position):
        closing = _END.search(source, opening.end())
        position = closing.end() if closing else len(source)
        starts.append(opening.end())
        ends.append(position)

    def kept(tag: Tag, start: int) -> bool:
        region = bisect.bisect_right(starts, start) - 1
        return region >= 0 and start < ends[region] and not _OURS.search(tag.body)

    return kept
