"""A pre-built message taken apart by offsets (contract 10 §6.5).

What is not rendered can so pass byte for byte.
"""

import binascii
import quopri
import re
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from typing import NamedTuple

RENDERED_TYPES = ("text/plain", "text/html", "text/x-amp-html")

# Limits of structure, far above real mail: reading costs time for every entity and every header.
_DEEPEST = 30
_MOST_ENTITIES = 1000
_LONGEST_HEAD = 262_144  # bytes
_FIELD_NAME = re.compile(rb"([!-9;-~]+)[ \t]*:")
_END_OF_FIELD = re.compile(rb"\r\n(?![ \t])")
_LINE_BREAK = re.compile(rb"\r\n|\r|\n")


class Field(NamedTuple):
    """A header field: `raw` as it stands, CRLF included, `value` decoded and on one line."""

    name: str
    value: str
    raw: bytes


class Leaf(NamedTuple):
    """A body to be rendered: where its entity's header and its body lie, and what they say."""

    media_type: str
    head: slice
    body: slice
    text: str


class Dissected(NamedTuple):
    """`head` ends where the blank line begins; `leaves` are in the order of the message."""

    source: bytes
    head: slice
    fields: tuple[Field, ...]
    leaves: tuple[Leaf, ...]


class Entity(NamedTuple):
    head: slice
    body: slice
    header: "Message[str, str]"


def dissect(text: str) -> Dissected | None:
    """The message, its line breaks as CRLF; None if it cannot be read as a MIME tree with a From field."""
    source = _LINE_BREAK.sub(b"\r\n", text.encode("utf-8", "replace"))
    source += b"" if source.endswith(b"\r\n") else b"\r\n"
    try:
        entities = _Reader(source).entities()
    except _UnreadableError:
        return None
    head = entities[0].head
    fields = read_fields(source[head])
    if not any(field.name.lower() == "from" for field in fields):
        return None
    leaves: dict[str, Leaf] = {}
    for entity in entities:
        leaf = _leaf(source, entity)
        if leaf is not None:
            leaves.setdefault(leaf.media_type, leaf)
    return Dissected(source, head, fields, tuple(leaves.values()))


def read_fields(head: bytes) -> tuple[Field, ...]:
    """The fields of a header block that `dissect` has accepted."""
    fields = []
    position = 0
    while found := _FIELD_NAME.match(head, position):
        end = _end_of_field(head, found.end(), len(head))
        fields.append(Field(found[1].decode("ascii"), _decoded(head[found.end() : end]), head[position:end]))
        position = end
    return tuple(fields)


class _UnreadableError(Exception):
    """The structure does not hold: a multipart without its boundary, a header that is none, too much of it."""


class _Reader:
    """Walks the entities of a message, the message itself first."""

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._found: list[Entity] = []

    def entities(self) -> list[Entity]:
        self._walk(slice(0, len(self._source)), 0)
        return self._found

    def _walk(self, extent: slice, depth: int) -> None:
        if depth > _DEEPEST or len(self._found) >= _MOST_ENTITIES:
            raise _UnreadableError
        entity = _entity(self._source, extent)
        self._found.append(entity)
        if entity.header.get_content_maintype() != "multipart":
            return
        boundary = entity.header.get_boundary()
        if not boundary:
            raise _UnreadableError
        for child in _children(self._source, entity.body, boundary.encode("utf-8", "replace")):
            self._walk(child, depth + 1)


def _entity(source: bytes, extent: slice) -> Entity:
    position = extent.start
    while found := _FIELD_NAME.match(source, position, extent.stop):
        position = _end_of_field(source, found.end(), extent.stop)
        if position - extent.start > _LONGEST_HEAD:
            raise _UnreadableError
    if position < extent.stop and source[position : position + 2] != b"\r\n":
        raise _UnreadableError
    head = slice(extent.start, position)
    header = message_from_bytes(source[head] + b"\r\n")
    return Entity(head, slice(min(position + 2, extent.stop), extent.stop), header)


def _end_of_field(source: bytes, start: int, limit: int) -> int:
    found = _END_OF_FIELD.search(source, start, limit)
    return found.end() if found else limit


def _children(source: bytes, body: slice, boundary: bytes) -> list[slice]:
    delimiter = re.compile(rb"(?:^|\r\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r\n|\Z)")
    # `^` in a pattern with `pos` means the start of the whole string, hence the copy of the body.
    inside = source[body]
    extents: list[slice] = []
    start = None
    for found in delimiter.finditer(inside):
        if start is not None:
            extents.append(slice(body.start + start, body.start + max(start, found.start())))
        if found[1]:
            return extents
        if len(extents) > _MOST_ENTITIES:
            raise _UnreadableError
        start = min(found.end() + 2, len(inside))
    if start is None:
        raise _UnreadableError
    return [*extents, slice(body.start + start, body.stop)]


def _leaf(source: bytes, entity: Entity) -> Leaf | None:
    header = entity.header
    media_type = header.get_content_type()
    if media_type not in RENDERED_TYPES or header.get_content_disposition() == "attachment":
        return None
    encoding = str(header.get("Content-Transfer-Encoding", "7bit")).strip().lower()
    text = _text(source[entity.body], encoding, header.get_content_charset() or "utf-8")
    return None if text is None else Leaf(media_type, entity.head, entity.body, text)


def _text(body: bytes, encoding: str, charset: str) -> str | None:
    """The decoded body; None where it cannot be decoded: then it passes as it is."""
    try:
        if encoding == "base64":
            body = binascii.a2b_base64(body)
        elif encoding == "quoted-printable":
            body = quopri.decodestring(body)
        return body.decode("utf-8" if charset == "us-ascii" else charset)
    except (ValueError, LookupError):
        return None


def _decoded(raw: bytes) -> str:
    value = raw.decode("utf-8", "replace").replace("\r\n", "").strip(" \t")
    try:
        return str(make_header(decode_header(value)))
    except (HeaderParseError, ValueError, LookupError):
        return value
