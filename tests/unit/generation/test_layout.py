"""The MIME tree (contract 10 §6.4)."""

import base64
from email import policy
from email.parser import BytesParser

import pytest

from transmissions.generation.layout import Slot, fill, layout
from transmissions.values import Attachment

BODIES = {Slot.TEXT: b"text", Slot.AMP: b"amp", Slot.HTML: b"html"}


def item(name: str, media_type: str) -> Attachment:
    return Attachment(name, media_type, base64.b64encode(name.encode()).decode())


def shape(message):
    if message.is_multipart():
        return [message.get_content_subtype(), *(shape(part) for part in message.iter_parts())]
    return message.get_content_type()


IMAGES = [item("i.png", "image/png")]
FILES = [item("a.pdf", "application/pdf"), item("b.txt", "text/plain")]
TEXT, AMP, HTML = Slot.TEXT, Slot.AMP, Slot.HTML


@pytest.mark.parametrize(
    "parts, images, attachments, expected",
    [
        ([TEXT], [], [], "text/plain"),
        ([HTML], [], [], "text/html"),
        ([TEXT, HTML], [], [], ["alternative", "text/plain", "text/html"]),
        ([TEXT, AMP, HTML], [], [], ["alternative", "text/plain", "text/x-amp-html", "text/html"]),
        ([HTML], IMAGES, [], ["related", "text/html", "image/png"]),
        ([TEXT], [], FILES, ["mixed", "text/plain", "application/pdf", "text/plain"]),
        (
            [TEXT, HTML],
            IMAGES,
            FILES,
            [
                "mixed",
                ["related", ["alternative", "text/plain", "text/html"], "image/png"],
                "application/pdf",
                "text/plain",
            ],
        ),
    ],
)
def test_the_tree(parts, images, attachments, expected):
    data = b"".join(fill(layout(parts, images, attachments), 7, BODIES)) + b"\r\n"
    message = BytesParser(policy=policy.default).parsebytes(data)
    assert shape(message) == expected
    for part in message.walk():
        assert part.defects == []
        if part.get_content_type() in ("text/html", "text/x-amp-html"):
            assert part.get_payload(decode=True).strip() in (b"html", b"amp")
    assert not message.preamble
    assert not message.epilogue


def test_boundaries_belong_to_the_message():
    segments = layout([TEXT, HTML], IMAGES, FILES)
    first, again, other = (b"".join(fill(segments, number, BODIES)) for number in (1, 1, 2))
    assert first == again
    assert first != other
    assert b'boundary="=_a000000000001"' in first
    assert b"000000000001" not in other


def test_most_of_a_message_is_static():
    assert sum(isinstance(segment, bytes) for segment in layout([TEXT, HTML], IMAGES, FILES)) < 20
