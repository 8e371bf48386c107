"""What generation makes: one message ready to be sent, or why there is none."""

from typing import Any

import msgspec

from transmissions.generation.tracking import Tracking


class Generated(msgspec.Struct, frozen=True):
    """One copy, complete: `data` has CRLF line ends and is not dot-stuffed.

    `subject` and `friendly_from` (the address in From) are decoded, for events; `sending_domain` is the domain of
    From in lower case; `rcpt_meta` is the merged metadata in full. `smtputf8`: only a relay that offers SMTPUTF8
    takes it.
    """

    number: int
    envelope_from: str
    envelope_to: str
    data: bytes
    subject: str
    friendly_from: str
    sending_domain: str
    flags: Tracking
    rcpt_meta: dict[str, Any]
    is_8bit: bool = False
    smtputf8: bool = False


class GenerationFailure(msgspec.Struct, frozen=True):
    """One copy that cannot be made; the others are not affected. `reason` is that of the event (contract 10 §8)."""

    number: int
    reason: str


class PreparationFailure(msgspec.Struct, frozen=True):
    """A content from which no copy can be made: every recipient fails with this `reason`."""

    reason: str


class Unsendable(Exception):  # noqa: N818 (says what the message is)
    """Inside generation only: this copy cannot be made; the text goes behind `554 5.3.3 [internal]`."""


def reason(what: str) -> str:
    """The `reason` of a generation_failure."""
    return f"554 5.3.3 [internal] {what}"
