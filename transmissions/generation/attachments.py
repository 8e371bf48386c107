"""Attachments and inline images as MIME parts: encoded once per transmission (contract 10 §6.4)."""

import binascii
import re
from urllib.parse import quote

from transmissions.generation import headers
from transmissions.values import Attachment

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # noqa: S105 (RFC 2045's word for it)
_MEDIA_TYPE = re.compile(
    rf"{_TOKEN}/{_TOKEN}(?:\s*;\s*{_TOKEN}=(?:{_TOKEN}|\"(?:[^\"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*\"))*\s*;?"
)
_COMPOSITE = ("multipart/", "message/")
_LONGEST_TYPE = 255
_BYTES_OF_LINE = 57  # 76 columns of base64
_SHORT_NAME = 60
_SECTION = 54


def decoded(data: str) -> bytes | None:
    """The bytes of base64 text, line breaks tolerated; None if it is not base64."""
    try:
        return binascii.a2b_base64("".join(data.split()).encode("ascii"), strict_mode=True)
    except ValueError:
        return None


def is_media_type(text: str) -> bool:
    """Whether the text can be a Content-Type: `type/subtype` with parameters, ASCII, no longer than a line."""
    text = text.strip(" ")
    return len(text) <= _LONGEST_TYPE and text.isascii() and bool(_MEDIA_TYPE.fullmatch(text))


def attachment_part(attachment: Attachment) -> bytes:
    """Header and body of an attachment; without a name there is no filename parameter."""
    return _part(attachment, b"Content-Disposition: attachment" + _filename(attachment.name))


def image_part(image: Attachment) -> bytes:
    """Header and body of an inline image, addressed as `cid:<name>`."""
    content_id = quote(headers.clean(image.name), safe="!#$%&'*+-/=?^_`{|}~.@,;:()[]")
    head = headers.folded("Content-ID", f"<{content_id}>")
    return _part(image, head + b"Content-Disposition: inline" + _filename(image.name))


def _part(attachment: Attachment, head: bytes) -> bytes:
    content = decoded(attachment.data) or b""
    media_type = headers.clean(attachment.type)
    if media_type.lower().startswith(_COMPOSITE):
        # RFC 2046 §5.1 and §5.2.1 allow no base64 for these, and readers would look inside.
        media_type = "application/octet-stream"
    return b"%b%b\r\nContent-Transfer-Encoding: base64\r\n\r\n%b" % (
        headers.folded("Content-Type", media_type),
        head,
        _wrapped(content),
    )


def _wrapped(content: bytes) -> bytes:
    lines = (content[start : start + _BYTES_OF_LINE] for start in range(0, len(content), _BYTES_OF_LINE))
    return b"\r\n".join(binascii.b2a_base64(line, newline=False) for line in lines)


def _filename(name: str) -> bytes:
    name = headers.clean(name)
    if not name:
        return b""
    if headers.is_plain(name) and len(name) <= _SHORT_NAME:
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f';\r\n filename="{escaped}"'.encode("ascii")
    return _extended(name)


def _extended(name: str) -> bytes:
    """The name as RFC 2231 has it, in sections of whole characters where one line does not hold it."""
    sections = [""]
    for character in name:
        encoded = quote(character, safe="!#$&+-.^_`|~", errors="replace")
        if len(sections[-1]) + len(encoded) > _SECTION:
            sections.append("")
        sections[-1] += encoded
    if len(sections) == 1:
        return f";\r\n filename*=utf-8''{sections[0]}".encode("ascii")
    first = f";\r\n filename*0*=utf-8''{sections[0]}"
    rest = (f";\r\n filename*{index}*={section}" for index, section in enumerate(sections[1:], 1))
    return (first + "".join(rest)).encode("ascii")
