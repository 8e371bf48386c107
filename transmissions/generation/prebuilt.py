"""Pre-built messages: what is rendered is replaced, the rest passes byte for byte (contract 10 §6.5)."""

from collections.abc import Iterable, Iterator, Mapping
from email import message_from_bytes

from transmissions.generation import addresses, fields, headers
from transmissions.generation.addresses import Address
from transmissions.generation.dissection import Dissected, Leaf, read_fields
from transmissions.generation.layout import Slot
from transmissions.generation.results import Unsendable
from transmissions.generation.rules import UNSUBSCRIBE, is_dropped
from transmissions.generation.texts import Text, text_template, value_of
from transmissions.language import Scope
from transmissions.values import Override

SLOTS = {"text/plain": Slot.TEXT, "text/html": Slot.HTML, "text/x-amp-html": Slot.AMP}

_MIME_FIELDS = (b"content-type:", b"content-transfer-encoding:")


class PrebuiltHead:
    """The top header block: fields with tags are compiled, the others kept as they are."""

    def __init__(self, message: Dissected, override: Override, *, keeps_unsubscribe: bool) -> None:
        self._subject: str | Text = ""
        self._from: str | Text = ""
        self.names: set[str] = set()
        self._override = override.sender
        self._fields: list[fields.Field] = []
        for field in message.fields:
            lower = field.name.lower()
            template = text_template(f"Header:{field.name}", field.value)
            if lower == "from":
                self._from = template
            elif lower == "subject":
                self._subject = template
            if is_dropped(lower) or (lower in UNSUBSCRIBE and not keeps_unsubscribe):
                continue
            if _is_overridden(lower, override):
                continue
            self.names.add(lower)
            as_it_is = isinstance(template, str) and field.raw.isascii()
            self._fields.append(field.raw if as_it_is else fields.field(field.name, template))
        if override.reply_to:
            self._fields.append(fields.field("Reply-To", override.reply_to))
        if override.list_id:
            self._fields.append(fields.field("List-Id", override.list_id))

    def sender(self, scope: Scope) -> Address:
        """The overriding From, else the first address of the message's own."""
        items = addresses.split(headers.clean(value_of(self._from, scope)))
        own = addresses.parse(items[0]) if items else None
        if self._override is not None:
            chosen = addresses.parse(self._override.email)
            name = self._override.name or (own.name if own else "")
            own = chosen and chosen._replace(name=name or chosen.name)
        if own is None:
            raise Unsendable(f"Invalid From address: '{', '.join(items)[:100]}'")
        return own

    def subject(self, scope: Scope) -> str:
        return headers.clean(value_of(self._subject, scope))

    def fields(self, scope: Scope, sender: Address) -> Iterator[bytes]:
        """All fields but those of the MIME structure that a rendered body replaces."""
        if self._override is not None:
            yield fields.from_field(sender)
        for item in self._fields:
            yield item if isinstance(item, bytes) else item(scope)


class PrebuiltBody:
    """Everything behind the top header fields, its leaves replaced where they were rendered."""

    def __init__(self, message: Dissected) -> None:
        self._source = message.source
        self._leaves = message.leaves
        self._end_of_head = message.head.stop
        self._heads = {
            leaf.media_type: _rendered_head(message.source[leaf.head], others=not self.is_top(leaf))
            for leaf in message.leaves
        }

    @property
    def top_slots(self) -> frozenset[Slot]:
        """The slot of a message that is one body alone; empty for others."""
        return frozenset(SLOTS[leaf.media_type] for leaf in self._leaves if self.is_top(leaf))

    def is_top(self, leaf: Leaf) -> bool:
        """Whether the message is this leaf alone: then its MIME fields are in the top header."""
        return bool(leaf.head.stop == self._end_of_head)

    def segments(self, bodies: Mapping[Slot, bytes]) -> Iterator[bytes]:
        """From the blank line below the top header to the end; bodies that are missing pass as they are."""
        position = self._end_of_head
        for leaf in self._leaves:
            body = bodies.get(SLOTS[leaf.media_type])
            if body is None:
                continue
            if not self.is_top(leaf):
                yield self._source[position : leaf.head.start]
            yield self._heads[leaf.media_type]
            yield b"\r\n"
            yield body
            position = leaf.body.stop
        yield self._source[position:]


def without_mime_fields(items: Iterable[bytes]) -> Iterator[bytes]:
    """The fields without those that `PrebuiltBody.segments` writes itself for a message of one body."""
    return (item for item in items if not item.lower().startswith(_MIME_FIELDS))


def _is_overridden(lower: str, override: Override) -> bool:
    return (
        (lower == "from" and override.sender is not None)
        or (lower == "reply-to" and bool(override.reply_to))
        or (lower == "list-id" and bool(override.list_id))
    )


def _rendered_head(head: bytes, *, others: bool) -> bytes:
    """The MIME fields of a leaf that is sent as quoted-printable UTF-8; `others`: its other fields as well."""
    header = message_from_bytes(head + b"\r\n")
    if "Content-Type" not in header:
        header["Content-Type"] = "text/plain"
    header.set_param("charset", "UTF-8")
    kept = b"".join(without_mime_fields(field.raw for field in read_fields(head) if others))
    content_type = headers.folded("Content-Type", headers.clean(str(header["Content-Type"])))
    return kept + content_type + b"Content-Transfer-Encoding: quoted-printable\r\n"
