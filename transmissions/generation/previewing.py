"""A content rendered for its author: no recipient, no tracking, link attributes as written (contract 20 §5)."""

from collections.abc import Callable
from typing import Any

import msgspec

from momentum.lib.errors import Fault, fault
from transmissions.generation.dissection import Dissected, dissect
from transmissions.generation.fields import written
from transmissions.generation.headers import clean
from transmissions.generation.layout import Slot
from transmissions.generation.prebuilt import SLOTS, PrebuiltBody, without_mime_fields
from transmissions.generation.quoted import join, piece
from transmissions.generation.texts import TAG_START
from transmissions.language import FindSnippet, RenderFault, Scope, SyntaxFault, compile_part
from transmissions.values import Content, Mailbox

Render = Callable[[str, str], str]


def preview(
    content: Content,
    substitution_data: dict[str, Any],
    metadata: dict[str, Any] | None = None,
    *,
    find_snippet: FindSnippet | None = None,
) -> Content | Fault:
    """The content with every part rendered, or the first fault: `3000`, `3001`, `3020` for what is no message."""
    scope = Scope.preview(substitution_data, metadata or {})

    def render(part: str, source: str) -> str:
        if TAG_START not in source:
            return source
        text = "".join(compile_part(part, source, find_snippet=find_snippet, preview=True).render(scope))
        return clean(text) if part.startswith("Header:") else text

    try:
        if content.email_rfc822 is None:
            return _inline(content, render)
        message = dissect(content.email_rfc822)
        if message is None:
            return fault("3020", "email_rfc822 cannot be parsed into a MIME tree with a From header")
        return Content(email_rfc822=_prebuilt(message, render))
    except SyntaxFault as found:
        return fault("3000", found.description, part=found.part, line=found.line)
    except RenderFault as found:
        return fault("3001", found.description, part=found.part, line=found.line)


def _inline(content: Content, render: Render) -> Content:
    sender = content.sender

    def optional(part: str, source: str | None) -> str | None:
        return None if source is None else render(part, source)

    return msgspec.structs.replace(
        content,
        sender=sender and Mailbox(render("Header:From", sender.email), render("Header:From", sender.name)),
        subject=optional("Header:Subject", content.subject),
        reply_to=optional("Header:Reply-To", content.reply_to),
        headers={name: render(f"Header:{name}", value) for name, value in content.headers.items()},
        text=optional("text", content.text),
        html=optional("html", content.html),
        amp_html=optional("amp_html", content.amp_html),
    )


def _prebuilt(message: Dissected, render: Render) -> str:
    """The message with what is rendered in place; parts and headers without tags as they are."""
    body = PrebuiltBody(message)
    bodies: dict[Slot, bytes] = {
        SLOTS[leaf.media_type]: join([piece(render(leaf.media_type, leaf.text))])
        for leaf in message.leaves
        if TAG_START in leaf.text
    }
    head = [
        written(item.name, render(f"Header:{item.name}", item.value)) if TAG_START in item.value else item.raw
        for item in message.fields
    ]
    top = without_mime_fields(head) if body.top_slots & bodies.keys() else head
    return b"".join((*top, *body.segments(bodies))).decode("utf-8", "replace")
