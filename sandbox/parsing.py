"""Hostile messages made readable: nothing in a message may raise, hang or grow without bound. No Django."""

import re
from collections.abc import Iterator
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.policy import compat32

import msgspec

MOST_PARTS = 200
MOST_HEADERS = 500
LONGEST_HEADER = 10_000
LONGEST_SUBJECT = 300
LONGEST_BODY = 5_000_000
_HEADER_BYTES = 256 * 1024
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_LINE_ENDS = re.compile(r"\s*[\r\n]\s*")


class Part(msgspec.Struct, frozen=True):
    """A leaf of the message. `name` is safe as a file name; `content_id` without its angle brackets."""

    index: int
    type: str
    name: str
    content_id: str
    is_attachment: bool
    charset: str
    data: bytes


class Parsed(msgspec.Struct, frozen=True):
    """A message taken apart. Everything in it is hostile text: escape it."""

    headers: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]

    def header(self, name: str) -> str:
        """The first header of that name, "" when there is none."""
        return next((value for key, value in self.headers if key.lower() == name), "")

    def body(self, content_type: str) -> str | None:
        """The text of the first part of that type that is no attachment; None when there is none."""
        for part in self.parts:
            if part.type == content_type and not part.is_attachment:
                return _text(part.data[:LONGEST_BODY], part.charset)
        return None

    def files(self) -> list[Part]:
        """What a reader can save: attachments, inline images, and bodies of a type that is not shown."""
        shown = {"text/plain", "text/html", "text/x-amp-html"}
        return [part for part in self.parts if part.is_attachment or part.type not in shown]


def parse(data: bytes) -> Parsed:
    """Take a message apart, as far as it can be."""
    try:
        message = message_from_bytes(data, policy=compat32)
        parts = tuple(_part(index, leaf) for index, leaf in enumerate(_leaves(message)))
    except RecursionError:
        message, parts = BytesHeaderParser(policy=compat32).parsebytes(data[:_HEADER_BYTES]), ()
    headers = tuple((_clean(name), _decoded(value)) for name, value in message.raw_items())
    return Parsed(headers[:MOST_HEADERS], parts)


def header_text(data: bytes, name: str) -> str:
    """One header of a message, decoded, on one line, at most 300 characters."""
    head = BytesHeaderParser(policy=compat32).parsebytes(data[:_HEADER_BYTES])
    value = next((value for key, value in head.raw_items() if key.lower() == name), "")
    return _decoded(value)[:LONGEST_SUBJECT]


def _leaves(message: Message) -> Iterator[Message]:
    count = 0
    for part in message.walk():
        if not part.is_multipart():
            yield part
            count += 1
            if count >= MOST_PARTS:
                return


def _part(index: int, leaf: Message) -> Part:
    content_type = leaf.get_content_type()
    disposition = leaf.get_content_disposition()
    payload = leaf.get_payload(decode=True)
    return Part(
        index=index,
        type=content_type
        if re.fullmatch(r"[\w.+-]{1,60}/[\w.+-]{1,100}", content_type)
        else "application/octet-stream",
        name=safe_name(_file_name(leaf)) or f"part-{index + 1}",
        content_id=str(leaf.get("Content-ID", "")).strip().strip("<>"),
        is_attachment=disposition == "attachment",
        charset=_charset(leaf),
        data=payload if isinstance(payload, bytes) else b"",
    )


def _charset(leaf: Message) -> str:
    try:
        return str(leaf.get_content_charset("utf-8"))
    except (LookupError, ValueError):
        return "utf-8"


def _file_name(leaf: Message) -> str:
    try:
        return _decoded(leaf.get_filename() or "")
    except (LookupError, ValueError):
        return ""


def safe_name(name: str) -> str:
    """A file name that stays in the folder it is saved to and hides nothing; "" when nothing is left."""
    name = " ".join(_UNPRINTABLE.sub("", re.split(r"[/\\]", name)[-1]).split())
    name = re.sub(r'[<>:"|?*%;]', "_", name).strip(". ")
    stem, dot, ending = name.rpartition(".")
    return f"{stem[:80]}{dot}{ending[:20]}" if dot else name[:100]


def _text(data: bytes, charset: str) -> str:
    """Never trust a charset: unknown ones, and codecs that are none (`zip`, `hex`), are read as UTF-8."""
    try:
        return data.decode(charset, "replace")
    except (LookupError, ValueError, TypeError):
        return data.decode("utf-8", "replace")


def _decoded(value: object) -> str:
    """A header value with its encoded words (RFC 2047) decoded, on one line."""
    raw = str(value)[:LONGEST_HEADER]
    try:
        # Raw 8-bit headers come as surrogates; they are nearly always UTF-8.
        raw = raw.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        pieces = decode_header(raw)
        text = "".join(
            piece if isinstance(piece, str) else _text(piece, charset or "latin-1") for piece, charset in pieces
        )
    except Exception:  # noqa: BLE001 - binascii, header and codec errors, and whatever a message finds next
        text = raw
    return _clean(text)


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub("\ufffd", _LINE_ENDS.sub(" ", text)).strip()
