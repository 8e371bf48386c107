"""Quoted-printable in pieces (RFC 2045 §6.7), so that static text is encoded once and only values at run time.

Every piece begins in column 0 and brings its reader back there: with its own line break, or with a soft one.
Pieces can therefore be joined in any order, and no line grows beyond 76 columns.
"""

import binascii
import re

SOFT_BREAK = b"=\r\n"
_LINE = 76

# binascii.b2a_qp writes =20 for a blank before a line break without looking at the column.
_OVERLONG = re.compile(rb"^(.{74,})(=20|=09)$", re.MULTILINE)


def piece(text: str) -> bytes:
    """The text, its line breaks as CRLF, ready to be joined with other pieces."""
    if len(text) < _LINE and text.isascii() and text.isprintable() and "=" not in text:
        return text.encode("ascii") + SOFT_BREAK if text else b""
    return _encoded(text)


def ascii_url(text: str) -> bytes:
    """A piece of base64url text and slashes (no `=`, no blank), broken into lines without looking at characters."""
    raw = text.encode("ascii")
    width = _LINE - 1
    return b"".join(raw[start : start + width] + SOFT_BREAK for start in range(0, len(raw), width))


def join(pieces: list[bytes]) -> bytes:
    """The encoded body: what was soft at its very end becomes the end of the text (RFC 2045 §6.7 rule 3)."""
    body = b"".join(pieces)
    if not body.endswith(SOFT_BREAK):
        return body
    body = body[: -len(SOFT_BREAK)]
    if not body.endswith((b" ", b"\t")):
        return body
    last_line = len(body) - (body.rfind(b"\n") + 1)
    escape = b"=20" if body.endswith(b" ") else b"=09"
    return body[:-1] + (SOFT_BREAK if last_line + 2 > _LINE else b"") + escape


def _encoded(text: str) -> bytes:
    data = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace")
    # The closing letter keeps the last byte of the text from being treated as the end of the body, and its
    # column free for the soft break.
    encoded = binascii.b2a_qp(data + b"x")[:-1]
    if b" \n" in data or b"\t\n" in data:
        encoded = _OVERLONG.sub(rb"\1=\n\2", encoded)
    encoded = encoded.replace(b"\n", b"\r\n")
    return encoded if encoded.endswith(b"\n") else encoded + SOFT_BREAK
