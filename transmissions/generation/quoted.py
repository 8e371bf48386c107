"""Quoted-printable in pieces (RFC 2045 §6.7), so that static text is encoded once and only values at run time.

Every piece begins in column 0 and brings its reader back there: with its own line break, or with a soft one.
Pieces can therefore be joined in any order, and no line grows beyond 76 columns. Pieces are ASCII text.

U+0000, which no text may hold (contract 40 §16.11), marks where a URL may be broken.
"""

import binascii
import re
from functools import lru_cache

SOFT_BREAK = "=\r\n"
_MARK = "\0"
_LINE = 76

# binascii.b2a_qp writes =20 for a blank before a line break without looking at the column.
_OVERLONG = re.compile(rb"^(.{74,})(=20|=09)$", re.MULTILINE)


def piece(text: str) -> str:
    """The text, its line breaks as CRLF, ready to be joined with other pieces."""
    if len(text) < _LINE and text.isascii() and text.isprintable() and "=" not in text:
        return text + SOFT_BREAK if text else ""
    return _encoded(text)


def with_lf(text: str) -> str:
    """The text with CRLF and CR as LF. A CR at the end of a value is a line break, whatever follows the value."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


@lru_cache(maxsize=16)
def marked(text: str) -> str:
    """A stretch of a URL (no `=`, no blank) with marks such that it ends in column 0; for `broken` or `piece`.

    Cached, for every body of a message asks for the same message part.
    """
    width = _LINE - 1
    return "".join([text[start : start + width] + _MARK for start in range(0, len(text), width)])


def broken(url: str) -> str:
    """A piece of the marked stretches of a URL."""
    return url.replace(_MARK, SOFT_BREAK)


def join(pieces: list[str]) -> bytes:
    """The encoded body: what was soft at its very end becomes the end of the text (RFC 2045 §6.7 rule 3)."""
    body = "".join(pieces)
    if body.endswith(SOFT_BREAK):
        body = _ended(body[: -len(SOFT_BREAK)])
    return body.encode("ascii")


def _ended(body: str) -> str:
    if not body.endswith((" ", "\t")):
        return body
    last_line = len(body) - (body.rfind("\n") + 1)
    escape = "=20" if body.endswith(" ") else "=09"
    return body[:-1] + (SOFT_BREAK if last_line + 2 > _LINE else "") + escape


def _encoded(text: str) -> str:
    data = with_lf(text.replace(_MARK, "")).encode("utf-8", "replace")
    if not data:
        return ""
    # The closing letter keeps the last byte of the text from being treated as the end of the body, and its
    # column free for the soft break.
    encoded = binascii.b2a_qp(data + b"x")[:-1]
    if b" \n" in data or b"\t\n" in data:
        encoded = _OVERLONG.sub(rb"\1=\n\2", encoded)
    lines = encoded.decode("ascii").replace("\n", "\r\n")
    return lines if lines.endswith("\n") else lines + SOFT_BREAK
