"""List-Ids as suppressions name them: the bare label, in lower case (RFC 2919 §6: case does not matter)."""

import re

MAX_LENGTH = 255

_LABEL = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*\Z")


def is_label(text: str) -> bool:
    """Whether callers may write it: letters, digits, `-`, `_`, dots neither at the ends nor two in a row."""
    return len(text) <= MAX_LENGTH and _LABEL.match(text) is not None


def of_header(value: str | None) -> str:
    """The label of a List-Id header: `news.example.org` of `<News@example.org>`; "" if there is none."""
    return (value or "").strip(" <>").replace("@", ".").lower()[:MAX_LENGTH]
