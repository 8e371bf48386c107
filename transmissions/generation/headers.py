"""Header fields as bytes: cleaned, encoded (RFC 2047) and folded (RFC 5322 §2.2.3), each ending in CRLF.

Whatever the value holds, the result is one field: line breaks and other control characters become blanks first.
"""

import binascii
import re

LINE = 76
LONGEST_LINE = 998

_BREAK_OR_CONTROL = re.compile(r"\r\n|[\x00-\x1f\x7f]")
_TOKEN = re.compile(r" *[^ ]+")
_WORD_FRAME = len("=?utf-8?b??=")
# 42 bytes make a word of 68 columns, which leaves room for a blank before it and a comma behind.
_PHRASE_BYTES = 42


def clean(value: str) -> str:
    """The value on one line: each line break or control character is a blank, those at the ends are gone."""
    if not value.isprintable():
        value = _BREAK_OR_CONTROL.sub(" ", value)
    return value.strip(" ")


def unstructured(name: str, value: str) -> bytes:
    """A field of free text; `value` may be anything, `name` is a valid field name."""
    value = clean(value)
    if not value:
        return f"{name}:\r\n".encode("ascii")
    if is_plain(value):
        if len(name) + len(value) <= LINE - 2:
            return f"{name}: {value}\r\n".encode("ascii")
        if len(name) + max(len(token) for token in _TOKEN.findall(value)) < LONGEST_LINE - 2:
            return folded(name, value)
    return _encoded_words(name, value)


def folded(name: str, value: str) -> bytes:
    """A field whose value is kept but for line breaks, and folded before blanks; UTF-8 if it is not ASCII."""
    value = clean(value)
    if value and len(name) + len(value) <= LINE - 2:
        return f"{name}: {value}\r\n".encode("utf-8", "replace")
    lines = [f"{name}:"]
    for token in _TOKEN.findall(" " + value):
        if len(lines[-1]) + len(token) > LINE and (len(lines) > 1 or lines[0] != f"{name}:" or len(token) <= LINE):
            lines.append(token)
        else:
            lines[-1] += token
    return ("\r\n".join(lines) + "\r\n").encode("utf-8", "replace")


def phrase(text: str) -> str:
    """A display name: a quoted string, or encoded words separated by blanks."""
    text = clean(text)
    if is_plain(text):
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return " ".join(_words(text, _PHRASE_BYTES, _PHRASE_BYTES))


def is_plain(value: str) -> bool:
    """ASCII that nobody decodes: text that looks like an encoded word would not arrive as it was."""
    return value.isascii() and "=?" not in value


def _encoded_words(name: str, value: str) -> bytes:
    room = max((LINE - len(name) - 2 - _WORD_FRAME) // 4 * 3, 9)
    lines = "\r\n ".join(_words(value, room, (LINE - 1 - _WORD_FRAME) // 4 * 3))
    return f"{name}: {lines}\r\n".encode("ascii")


def _words(text: str, first: int, others: int) -> list[str]:
    """Base64 encoded words of at most so many bytes of UTF-8, never cutting a character (RFC 2047 §5)."""
    data = text.encode("utf-8", "replace")
    words = []
    start, size = 0, first
    while start < len(data):
        end = min(start + size, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        words.append(f"=?utf-8?b?{binascii.b2a_base64(data[start:end], newline=False).decode('ascii')}?=")
        start, size = end, others
    return words
