"""The MIME tree of one content (contract 10 §6.4), laid out once as static bytes and slots.

Boundaries hold `=_`, which neither quoted-printable nor base64 can produce, and the message's number, so that
a retry makes the same bytes and two messages never share one.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple

from transmissions.generation.attachments import attachment_part, image_part
from transmissions.values import Attachment


class Slot(StrEnum):
    """What differs from message to message."""

    NUMBER = "number"
    TEXT = "text"
    AMP = "amp_html"
    HTML = "html"


Segments = list[bytes | Slot]

MEDIA_TYPES = {Slot.TEXT: b"text/plain", Slot.AMP: b"text/x-amp-html", Slot.HTML: b"text/html"}


class _Entity(NamedTuple):
    """A MIME part, its header included; `media_type` without parameters."""

    media_type: bytes
    segments: Segments


def layout(parts: Sequence[Slot], images: Sequence[Attachment], attachments: Sequence[Attachment]) -> Segments:
    """mixed(related(alternative(text, amp, html), images), attachments), levels of one child collapsed.

    `parts` are the slots of the bodies in the order of the alternative; the result begins with the MIME header
    fields of the message and has no line break at its end.
    """
    alternative = _multipart(b"alternative", b"a", [_leaf(slot) for slot in parts])
    related = _multipart(b"related", b"r", [alternative, *(_fixed(image_part(image)) for image in images)])
    mixed = _multipart(b"mixed", b"m", [related, *(_fixed(attachment_part(item)) for item in attachments)])
    return _joined([b"MIME-Version: 1.0\r\n", *mixed.segments])


def fill(segments: Segments, number: int, bodies: Mapping[Slot, bytes]) -> list[bytes]:
    """The segments of one message: its number in the boundaries, its bodies in their places."""
    values = {**bodies, Slot.NUMBER: b"%012x" % number}
    return [segment if isinstance(segment, bytes) else values[segment] for segment in segments]


def _leaf(slot: Slot) -> _Entity:
    head = (
        b'Content-Type: %b; charset="UTF-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
        % MEDIA_TYPES[slot]
    )
    return _Entity(MEDIA_TYPES[slot], [head, slot])


def _fixed(part: bytes) -> _Entity:
    return _Entity(b"", [part])


def _multipart(subtype: bytes, level: bytes, children: Sequence[_Entity]) -> _Entity:
    if len(children) == 1:
        return children[0]
    media_type = b"multipart/" + subtype
    root_type = b'; type="%b"' % children[0].media_type if subtype == b"related" else b""
    mark: Segments = [b"=_" + level, Slot.NUMBER]
    segments: Segments = [b'Content-Type: %b%b;\r\n boundary="' % (media_type, root_type), *mark, b'"\r\n']
    for child in children:
        segments += [b"\r\n--", *mark, b"\r\n", *child.segments]
    segments += [b"\r\n--", *mark, b"--"]
    return _Entity(media_type, segments)


def _joined(segments: Segments) -> Segments:
    joined: Segments = []
    for segment in segments:
        if isinstance(segment, bytes) and joined and isinstance(last := joined[-1], bytes):
            joined[-1] = last + segment
        else:
            joined.append(segment)
    return joined
