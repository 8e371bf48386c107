"""What goes to the relay and what became of it."""

from datetime import datetime
from typing import Literal

import msgspec

Result = Literal["delivered", "deferred", "bounced"]


class Outgoing(msgspec.Struct, frozen=True, gc=False):
    """One message for one recipient.

    `key` is the caller's own and comes back in the outcome. `mail_from` and `rcpt_to` are bare addresses ("" is
    the null sender). `data` is the complete message with CRLF line ends, not dot-stuffed. `smtputf8` says that
    its headers hold UTF-8 (RFC 6532); an address that is not ASCII says so by itself.
    """

    key: int
    mail_from: str
    rcpt_to: str
    data: bytes
    smtputf8: bool = False


class Outcome(msgspec.Struct, frozen=True, gc=False):
    """What one attempt came to.

    `reply` is the exact answer, its lines joined by line feeds, at most 4,000 characters; or a reason of our
    own, marked `[internal]`. `error_code` and `bounce_class` (contract 80 §9) are None when delivered.
    `remote_ip` and `local_ip` are "" and `tls` is None when there was no connection. A message whose connection
    broke between the end of its data and the reply is `deferred`: the relay may have taken it, and then it
    arrives twice with the same Message-ID (RFC 5321 §4.5.5 leaves no third way).
    """

    key: int
    result: Result
    error_code: int | None
    reply: str
    bounce_class: int | None
    remote_ip: str
    local_ip: str
    tls: bool | None
    finished_at: datetime
