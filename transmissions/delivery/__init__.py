"""From bytes to a remote server: SMTP, the table of replies, the retry rule; no Django, no database."""

from transmissions.delivery.relay import Relay
from transmissions.delivery.replies import canonical_reason, classify, given_up_class
from transmissions.delivery.retry import next_attempt, timeout_reason
from transmissions.delivery.server import RelayUrlError
from transmissions.delivery.values import Outcome, Outgoing

__all__ = [
    "Outcome",
    "Outgoing",
    "Relay",
    "RelayUrlError",
    "canonical_reason",
    "classify",
    "given_up_class",
    "next_attempt",
    "timeout_reason",
]
