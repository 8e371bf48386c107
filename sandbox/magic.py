"""Recipients that are refused on purpose, to try out what happens then. No Django."""

import re

_MAGIC = re.compile(r"(?:bounce\+(5\d\d)|defer\+(4\d\d))(?!\d)", re.IGNORECASE)

_REPLIES = {
    "421": "421 4.3.2 service not available, closing the connection",
    "450": "450 4.2.1 mailbox busy",
    "451": "451 4.3.0 try again later",
    "452": "452 4.2.2 mailbox full",
    "550": "550 5.1.1 user unknown",
    "552": "552 5.2.2 mailbox full",
    "553": "553 5.1.3 mailbox name not allowed",
    "554": "554 5.7.1 refused as spam",
}


def refusal(address: str) -> str | None:
    """The reply to RCPT for an address like `bounce+550@…` or `defer+451.anything@…`; None for any other."""
    found = _MAGIC.match(address)
    if found is None:
        return None
    code = found[1] or found[2]
    return _REPLIES.get(code, f"{code} {code[0]}.0.0 refused as asked")
