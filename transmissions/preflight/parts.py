"""A content as the parts that are rendered, labelled as in faults (contract 20 §6)."""

from collections.abc import Iterator
from typing import NamedTuple

from transmissions.generation.dissection import dissect
from transmissions.values import Content

HTML = ("html", "text/html")
TEXT = ("text", "text/plain")
MARKUP = (*HTML, "amp_html", "text/x-amp-html")
UNSUBSCRIBE = "Header:List-Unsubscribe"


class Part(NamedTuple):
    label: str
    source: str


def parts(content: Content) -> list[Part]:
    """Headers first, then text, html, AMP; nothing of a pre-built message that cannot be read."""
    return [part for part in _all(content) if part.source]


def _all(content: Content) -> Iterator[Part]:
    if content.email_rfc822 is not None:
        message = dissect(content.email_rfc822)
        if message is not None:
            yield from (Part(_title(field.name), field.value) for field in message.fields)
            yield from (Part(leaf.media_type, leaf.text) for leaf in message.leaves)
        return
    if content.sender is not None:
        yield Part("Header:From", content.sender.email)
        yield Part("Header:From", content.sender.name)
    yield Part("Header:Subject", content.subject or "")
    yield Part("Header:Reply-To", content.reply_to or "")
    yield from (Part(_title(name), value) for name, value in content.headers.items())
    yield Part("text", content.text or "")
    yield Part("html", content.html or "")
    yield Part("amp_html", content.amp_html or "")


def _title(name: str) -> str:
    known = ("From", "Subject", "Reply-To", "List-Unsubscribe")
    return f"Header:{next((one for one in known if one.lower() == name.lower()), name)}"
