"""A pre-built message rendered for its author: with data, without a recipient, nothing tracked (contract 20 §5)."""

from transmissions.generation.addresses import Address
from transmissions.generation.dissection import Leaf, dissect
from transmissions.generation.prebuilt import SLOTS, PrebuiltBody, PrebuiltHead, without_mime_fields
from transmissions.generation.quoted import join, piece
from transmissions.generation.texts import TAG_START
from transmissions.language import Encoding, Scope, compile_part
from transmissions.values import Override

_QUOTED: Encoding[str] = Encoding(static=piece, value=piece)


def render_prebuilt(source: str, scope: Scope) -> str:
    """The message as it would be sent, its line breaks as CRLF; link attributes stay, nothing is added.

    Raises SyntaxFault or RenderFault for the first part at fault, headers first, and ValueError for a source that
    `check_content` refuses with `3020`.
    """
    message = dissect(source)
    if message is None:
        raise ValueError("email_rfc822 cannot be parsed into a MIME tree with a From header")
    head = PrebuiltHead(message, Override(), keeps_unsubscribe=True)
    body = PrebuiltBody(message)
    # The sender matters to an override only; what From renders to need not be an address yet.
    fields = list(head.fields(scope, Address("")))
    bodies = {
        SLOTS[leaf.media_type]: rendered
        for leaf in message.leaves
        if (rendered := _rendered(leaf, scope)) is not None
    }
    if body.top_slots & bodies.keys():
        fields = list(without_mime_fields(fields))
    if bodies and "mime-version" not in head.names:
        fields.append(b"MIME-Version: 1.0\r\n")
    return b"".join((*fields, *body.segments(bodies))).decode("utf-8", "replace")


def _rendered(leaf: Leaf, scope: Scope) -> bytes | None:
    """The body as quoted-printable; None for one that passes as it is."""
    if TAG_START not in leaf.text:
        return None
    return join(compile_part(leaf.media_type, leaf.text, encoding=_QUOTED, preview=True).render(scope))
