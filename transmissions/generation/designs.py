"""The two kinds of content as designs: inline parts and pre-built messages."""

from collections.abc import Iterable, Iterator

from transmissions.generation import fields
from transmissions.generation.addresses import Address
from transmissions.generation.bodies import Body
from transmissions.generation.dissection import Dissected
from transmissions.generation.headers import clean
from transmissions.generation.layout import Slot, fill, layout
from transmissions.generation.prebuilt import PrebuiltBody, PrebuiltHead, without_mime_fields
from transmissions.generation.prepared import Copy
from transmissions.generation.texts import value_of
from transmissions.language import Scope
from transmissions.values import Content, Mailbox, Override


class InlineDesign:
    """Headers and MIME tree made by us from subject, from, parts and attachments."""

    def __init__(
        self, content: Content, override: Override, bodies: tuple[Body, ...], *, keeps_unsubscribe: bool
    ) -> None:
        self.bodies = bodies
        self.has_amp = any(body.slot is Slot.AMP for body in bodies)
        self._sender = fields.Sender(content.sender or Mailbox(""), override.sender)
        self._subject = fields.subject_template(content)
        self._subject_field = fields.field("Subject", self._subject)
        made = fields.static_and_moving(content, override, transactional=keeps_unsubscribe)
        self._static, self._moving = made
        self.has_own = frozenset(name.lower() for name in content.headers)
        self._layout = layout([body.slot for body in bodies], content.inline_images, content.attachments)

    def sender(self, scope: Scope) -> Address:
        return self._sender.address(scope)

    def subject(self, scope: Scope) -> str:
        return clean(value_of(self._subject, scope))

    def head(self, copy: Copy, bodies: dict[Slot, bytes]) -> Iterable[bytes]:
        subject = self._subject_field
        return [
            copy.sending_fields,
            self._sender.field(copy.sender),
            fields.to_field(copy.recipient),
            subject if isinstance(subject, bytes) else fields.subject_field(copy.subject),
            self._static,
            *(item(copy.scope) for item in self._moving),
        ]

    def rest(self, copy: Copy, bodies: dict[Slot, bytes]) -> Iterable[bytes]:
        return fill(self._layout, copy.number, bodies)


class PrebuiltDesign:
    """A message of the caller's; To, From, Subject and MIME structure are its own."""

    def __init__(
        self, message: Dissected, override: Override, bodies: tuple[Body, ...], *, keeps_unsubscribe: bool
    ) -> None:
        self.bodies = bodies
        self.has_amp = any(body.slot is Slot.AMP for body in bodies)
        self._head = PrebuiltHead(message, override, keeps_unsubscribe=keeps_unsubscribe)
        self._body = PrebuiltBody(message)
        self._top_slots = self._body.top_slots
        self.has_own = frozenset(self._head.names)

    def sender(self, scope: Scope) -> Address:
        return self._head.sender(scope)

    def subject(self, scope: Scope) -> str:
        return self._head.subject(scope)

    def head(self, copy: Copy, bodies: dict[Slot, bytes]) -> Iterator[bytes]:
        own = self._head.fields(copy.scope, copy.sender)
        yield from without_mime_fields(own) if self._top_slots & bodies.keys() else own
        yield copy.sending_fields
        if bodies and "mime-version" not in self.has_own:
            yield b"MIME-Version: 1.0\r\n"

    def rest(self, copy: Copy, bodies: dict[Slot, bytes]) -> Iterator[bytes]:
        return self._body.segments(bodies)
