"""The content of stored templates: kept exactly as given, read into values when it is used (contract 20 §2)."""

from typing import Any

import msgspec

from transmissions.content import content_size, read_inline_parts
from transmissions.reading import Faults, Fields
from transmissions.values import Content

MAX_TEMPLATE_BYTES = 5 * 1024 * 1024

# Attachments and images are no part of a stored template; they are dropped without an error.
_KEPT = ("from", "subject", "html", "text", "amp_html", "reply_to", "headers", "email_rfc822")


def read_stored(given: dict[str, Any], faults: Faults) -> tuple[dict[str, Any], Content | None]:
    """What is kept of a template's content, and the same as values; None when `faults` says why not."""
    return _read(given, faults, complete=True)


def read_unstored(given: dict[str, Any], faults: Faults) -> tuple[dict[str, Any], Content | None]:
    """Content to be previewed: the same rules, but subject and from may be missing (contract 20 §5)."""
    return _read(given, faults, complete=False)


def stored_as_content(text: str) -> Content:
    """The values of a content that was checked when it was stored."""
    _, content = read_stored(msgspec.json.decode(text), Faults())
    if content is None:
        raise ValueError("stored content is unreadable")
    return content


def _read(given: dict[str, Any], faults: Faults, *, complete: bool) -> tuple[dict[str, Any], Content | None]:
    kept = {name: given[name] for name in _KEPT if given.get(name) is not None}
    fields = Fields(kept, faults, "content")
    if "email_rfc822" in kept:
        if len(kept) > 1:
            faults.add("1301", "email_rfc822 must not be combined with other content")
        rfc822 = fields.text("email_rfc822")
        content = Content(email_rfc822=rfc822.replace("\0", "")) if rfc822 is not None else None
    else:
        content = read_inline_parts(fields, faults, complete=complete)
    if content is not None and _size(content) > MAX_TEMPLATE_BYTES:
        faults.add("1300", f"content exceeds {MAX_TEMPLATE_BYTES} bytes")
    return kept, content


def _size(content: Content) -> int:
    """Bytes of the parts, or of the headers where these are more."""
    return max(content_size(content), sum(len(value.encode()) for value in content.headers.values()))
