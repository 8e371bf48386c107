"""The header fields of one message: prepared where they are the same for everyone, else a function of the scope.

Contract 10 §3, §5 and §6.3; what a value may hold at POST is in `rules`.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import lru_cache

from transmissions.generation import addresses, headers
from transmissions.generation.addresses import Address
from transmissions.generation.results import Unsendable
from transmissions.generation.rules import custom_headers
from transmissions.generation.texts import Text, text_template, value_of
from transmissions.language import Scope
from transmissions.values import Content, Mailbox, Override, Recipient

Moving = Callable[[Scope], bytes]
Field = bytes | Moving

ADDRESS_FIELDS = frozenset(
    (
        *("from", "sender", "reply-to", "to", "cc", "bcc", "errors-to", "return-receipt-to"),
        *("disposition-notification-to", "resent-from", "resent-sender", "resent-to", "resent-cc"),
    )
)


class Sender:
    """From: `override.from` before the content's; its name only where the override brings one (contract 10 §3)."""

    def __init__(self, content: Mailbox, override: Mailbox | None) -> None:
        chosen = override or content
        name = override.name if override and override.name else content.name
        named_by_override = override is not None and bool(override.name)
        # No template language in overriding values.
        self._email = chosen.email if override else text_template("Header:From", chosen.email)
        self._name = name if named_by_override else text_template("Header:From", name)
        fixed = isinstance(self._email, str) and isinstance(self._name, str)
        self._fixed = self._read(self._email, self._name) if fixed else None
        self._fixed_field = from_field(self._fixed) if self._fixed else b""

    def address(self, scope: Scope) -> Address:
        """Raises Unsendable when what was rendered is no address."""
        if self._fixed is not None:
            return self._fixed
        return self._read(value_of(self._email, scope), value_of(self._name, scope))

    def field(self, address: Address) -> bytes:
        """The From field of what `address` has given."""
        return self._fixed_field or from_field(address)

    @staticmethod
    def _read(email: str | Text, name: str | Text) -> Address:
        found = addresses.parse(str(email))
        if found is None:
            raise Unsendable(f"Invalid From address: '{headers.clean(str(email))[:100]}'")
        return found._replace(name=headers.clean(str(name))) if name else found


def from_field(address: Address) -> bytes:
    return headers.folded("From", addresses.mailbox(address))


def to_field(recipient: Recipient) -> bytes:
    """The To of one copy (contract 10 §5)."""
    if recipient.header_to is None:
        return headers.folded("To", addresses.mailbox(Address(recipient.email, headers.clean(recipient.name))))
    bare = addresses.parse(recipient.header_to) if recipient.name else None
    if bare is not None and not bare.name:
        return headers.folded("To", addresses.mailbox(bare._replace(name=headers.clean(recipient.name))))
    return headers.folded("To", addresses.address_list(recipient.header_to))


def subject_template(content: Content) -> str | Text:
    return text_template("Header:Subject", content.subject or "")


def subject_field(subject: str) -> bytes:
    return headers.unstructured("Subject", subject)


def static_and_moving(content: Content, override: Override, *, transactional: bool) -> tuple[bytes, list[Moving]]:
    """Reply-To, Cc and custom headers, List-Id: those that are the same in all messages, and the others.

    Raises SyntaxFault in the order Reply-To, then the custom headers as given.
    """
    made = [field(name, template) for name, template in _templates(content, override, transactional)]
    return b"".join(item for item in made if isinstance(item, bytes)), [
        item for item in made if not isinstance(item, bytes)
    ]


def field(name: str, template: str | Text) -> Field:
    """One field: its bytes where the value is known, else what makes them."""
    if isinstance(template, str):
        return written(name, template)
    return lambda scope: written(name, template(scope))


def written(name: str, value: str) -> bytes:
    """The field with this value: a list of addresses where the name says so, else free text."""
    if name.lower() in ADDRESS_FIELDS:
        return headers.folded(name, addresses.address_list(value))
    return headers.unstructured(name, value)


def sending_fields(message_id: str, domain: str, sent_at: int, have: Iterable[str]) -> bytes:
    """Date and Message-ID, unless the content has brought them (lower-case names in `have`)."""
    present = set(have)
    date = b"" if "date" in present else b"Date: %b\r\n" % rfc5322_date(sent_at).encode("ascii")
    identity = b"" if "message-id" in present else f"Message-ID: <{message_id}@{domain}>\r\n".encode("ascii")
    return date + identity


@lru_cache(maxsize=64)
def rfc5322_date(seconds: int) -> str:
    return format_datetime(datetime.fromtimestamp(seconds, UTC))


def unsubscribe_fields(url: str, mailto: str) -> bytes:
    """List-Unsubscribe and, for one click, List-Unsubscribe-Post (RFC 2369, RFC 8058); b"" with neither."""
    if not (url or mailto):
        return b""
    ways = ",\r\n ".join(f"<{way}>" for way in (mailto and f"mailto:{mailto}", url) if way)
    one_click = "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" if url else ""
    return f"List-Unsubscribe: {ways}\r\n{one_click}".encode("ascii")


def _templates(content: Content, override: Override, transactional: bool) -> Iterable[tuple[str, str | Text]]:
    if override.reply_to:
        yield "Reply-To", override.reply_to
    elif content.reply_to:
        yield "Reply-To", text_template("Header:Reply-To", content.reply_to)
    for name, value in custom_headers(content.headers, transactional=transactional).items():
        if not (override.list_id and name.lower() == "list-id"):
            yield name, text_template(f"Header:{name}", value)
    if override.list_id:
        yield "List-Id", override.list_id
