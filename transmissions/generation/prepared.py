"""A transmission made ready once, so that per recipient only the moving parts are computed (contract 10 §14)."""

from collections.abc import Iterable
from typing import Protocol

from momentum.lib import ids
from tracking.options import Configuration
from tracking.tokens import Kind, Sealer
from transmissions.generation import fields, metadata
from transmissions.generation.addresses import Address
from transmissions.generation.bodies import Body
from transmissions.generation.envelope import ReturnPath
from transmissions.generation.layout import Slot
from transmissions.generation.links import Bases, LinkParts, MessageParts, MessagePartSealer, Numbers
from transmissions.generation.results import Generated, GenerationFailure, Unsendable, reason
from transmissions.generation.tracking import Tracking, resolve
from transmissions.generation.urls import PartUrls
from transmissions.language import Scope, TemplateFault
from transmissions.values import Job, Recipient, TrackingFlags

# A From that is computed gives few domains; more than this are not remembered.
_MOST_DOMAINS = 100


class Design(Protocol):
    """How the messages of one content are put together."""

    bodies: tuple[Body, ...]
    has_amp: bool
    has_own: frozenset[str]  # lower-case names of fields that the content brings

    def sender(self, scope: Scope) -> Address: ...

    def subject(self, scope: Scope) -> str: ...

    def head(self, copy: "Copy", bodies: dict[Slot, bytes]) -> Iterable[bytes]:
        """The header fields, those of sending (Date, Message-ID, List-Unsubscribe) among them."""

    def rest(self, copy: "Copy", bodies: dict[Slot, bytes]) -> Iterable[bytes]:
        """Everything behind them, in pieces; MIME fields may stand at its beginning."""


class Copy:
    """What a design has to know of one message."""

    __slots__ = ("number", "recipient", "scope", "sender", "sending_fields", "subject")

    def __init__(self, recipient: Recipient, number: int, scope: Scope, sender: Address, subject: str) -> None:
        self.recipient = recipient
        self.number = number
        self.scope = scope
        self.sender = sender
        self.subject = subject
        self.sending_fields = b""


class DomainLinks:
    """What is sealed for messages from one sending domain."""

    def __init__(self, link_parts: LinkParts, bases: Bases, bodies: Iterable[Body]) -> None:
        self.unsubscribe = link_parts.of_kind(Kind.LIST_UNSUBSCRIBE) if bases.host else ""
        self.of_body: dict[Slot, PartUrls] = {
            body.slot: PartUrls(body.slot.value, link_parts, bases, body.spelling) for body in bodies
        }


class Prepared:
    """Makes messages: `message` is a function of its arguments alone, so a retry makes the same bytes."""

    def __init__(
        self,
        job: Job,
        configuration: Configuration,
        sealer: Sealer,
        design: Design,
        bases: Bases,
        return_path: ReturnPath,
        *,
        unsubscribe_mailto: str,
        offers_unsubscribe: bool,
    ) -> None:
        self._job = job
        self._configuration = configuration
        self._sealer = sealer
        self._design = design
        self._bases = bases
        self._return_path = return_path
        self._mailto = unsubscribe_mailto
        self._offers_unsubscribe = offers_unsubscribe
        self._unsubscribe_by_url = offers_unsubscribe and bool(bases.host)
        self._seal = MessagePartSealer(job, configuration, sealer)
        self._flags: dict[TrackingFlags, Tracking] = {}
        self._untracked = Tracking(amp=design.has_amp)
        self._links: dict[str, DomainLinks] = {}

    def message(
        self, recipient: Recipient, number: int, block_time: int, sent_at: int
    ) -> Generated | GenerationFailure:
        """The copy for one recipient; `number` is below 2**48, the times are Unix seconds (momentum.lib.ids)."""
        try:
            return self._message(recipient, number, block_time, sent_at)
        except TemplateFault as fault:
            return GenerationFailure(number, reason(fault.description))
        except Unsendable as fault:
            return GenerationFailure(number, reason(str(fault)))

    def _message(self, recipient: Recipient, number: int, block_time: int, sent_at: int) -> Generated:
        merged = metadata.merged(recipient.metadata, self._job.metadata)
        tracking = self._untracked if recipient.tracking_declined else self._tracking(recipient.options)
        envelope_from, scope, sender = self._addressed(recipient)
        links = self._domain_links(sender.domain)
        numbers = Numbers(number, block_time, sent_at)
        parts = self._seal(recipient, merged, tracking, numbers, unsubscribe=self._unsubscribe_by_url)
        bodies = {
            body.slot: rendered
            for body in self._design.bodies
            if (rendered := body.render(scope, links.of_body[body.slot], parts, tracking, number)) is not None
        }
        copy = Copy(recipient, number, scope, sender, self._design.subject(scope))
        copy.sending_fields = self._sending_fields(links, parts, sender.domain, numbers)
        head = b"".join(self._design.head(copy, bodies))
        data = b"".join((head, *self._design.rest(copy, bodies)))
        return Generated(
            number=number,
            envelope_from=envelope_from,
            envelope_to=recipient.email,
            data=data if data.endswith(b"\r\n") else data + b"\r\n",
            subject=copy.subject,
            friendly_from=sender.email,
            sending_domain=sender.domain,
            flags=tracking,
            rcpt_meta=merged,
            is_8bit=not data.isascii(),
            smtputf8=not (head.isascii() and envelope_from.isascii() and recipient.email.isascii()),
        )

    def _addressed(self, recipient: Recipient) -> tuple[str, Scope, Address]:
        """Envelope sender, data and From of one copy; the data know the envelope sender."""
        envelope_from = self._return_path.fixed
        if envelope_from is None or recipient.return_path:
            envelope_from = self._return_path.of(recipient.return_path, self._scope(recipient, ""))
        scope = self._scope(recipient, envelope_from)
        sender = self._design.sender(scope)
        if envelope_from:
            return envelope_from, scope, sender
        return sender.email, self._scope(recipient, sender.email), sender

    def _tracking(self, options: TrackingFlags) -> Tracking:
        tracking = self._flags.get(options)
        if tracking is None:
            job = self._job
            tracking = resolve(
                options, job.flags, job.template_flags, self._configuration, amp=self._design.has_amp
            )
            if not self._bases.host:
                tracking = self._untracked
            self._flags[options] = tracking
        return tracking

    def _scope(self, recipient: Recipient, envelope_from: str) -> Scope:
        return Scope(
            recipient_data=recipient.substitution_data,
            transmission_data=self._job.substitution_data,
            recipient_metadata=recipient.metadata,
            transmission_metadata=self._job.metadata,
            email=recipient.email,
            name=recipient.name,
            return_path=envelope_from,
        )

    def _domain_links(self, domain: str) -> DomainLinks:
        links = self._links.get(domain)
        if links is None:
            if len(self._links) >= _MOST_DOMAINS:
                self._links.clear()
            links = DomainLinks(LinkParts(self._job, self._sealer, domain), self._bases, self._design.bodies)
            self._links[domain] = links
        return links

    def _sending_fields(self, links: DomainLinks, parts: MessageParts, domain: str, numbers: Numbers) -> bytes:
        message_id = ids.message_id(numbers.message, numbers.block_time)
        made = fields.sending_fields(message_id, domain, numbers.sent_at, self._design.has_own)
        if not self._offers_unsubscribe:
            return made
        url = f"{self._bases.unsubscribe}{parts.unsubscribe}/{links.unsubscribe}" if links.unsubscribe else ""
        return made + fields.unsubscribe_fields(url, self._mailto)
