"""Whether a message can be offered to a server at all; decided before it costs the server a command."""

from transmissions.delivery.greeting import Capabilities
from transmissions.delivery.replies import Reply
from transmissions.delivery.values import Outgoing
from transmissions.delivery.wire import is_safe_address, needs_smtputf8


def unfit(message: Outgoing, capabilities: Capabilities) -> Reply | None:
    """The refusal that the message deserves, or None.

    8-bit data goes to a server without 8BITMIME as it is: no such server is left that would mangle it, and a
    conversion would break signatures.
    """
    if not message.rcpt_to or not is_safe_address(message.rcpt_to):
        return Reply(553, "553 5.1.3 [internal] the recipient's address cannot be sent over SMTP")
    if not is_safe_address(message.mail_from):
        return Reply(553, "553 5.1.7 [internal] the sender's address cannot be sent over SMTP")
    if needs_smtputf8(message) and "SMTPUTF8" not in capabilities.extensions:
        return Reply(553, "553 5.6.7 [internal] the message needs SMTPUTF8, which the relay does not offer")
    size, limit = len(message.data), capabilities.size
    if limit and size > limit:
        return Reply(552, f"552 5.3.4 [internal] the message has {size} bytes, the relay takes {limit} at most")
    return None
