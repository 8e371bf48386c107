"""A message on its way through the pool, and the ways its attempt can end."""

from collections.abc import Callable
from typing import NamedTuple

from momentum.lib import clock
from transmissions.delivery.replies import TRANSIENT, Reply, judge
from transmissions.delivery.values import Outcome, Outgoing


class Peer(NamedTuple):
    """The two ends of the connection that an outcome belongs to."""

    remote_ip: str = ""
    local_ip: str = ""
    tls: bool | None = None


NOBODY = Peer()


class SessionError(Exception):
    """The connection can be used no more. `reply` says why, in the shape of a reply."""

    def __init__(self, text: str, bounce_class: int = TRANSIENT, code: int = 454) -> None:
        super().__init__(text)
        self.reply = Reply(code, text)
        self.bounce_class = bounce_class


Settle = Callable[["Ticket", Outcome], None]


class Ticket:
    """A message, where its outcome goes, and how many connections broke before its data was sent."""

    __slots__ = ("message", "settle", "tries")

    def __init__(self, message: Outgoing, settle: Settle) -> None:
        self.message = message
        self.settle = settle
        self.tries = 0

    def answer(self, reply: Reply, peer: Peer) -> None:
        """The attempt ended with `reply`."""
        result, bounce_class = judge(reply)
        error_code = None if result == "delivered" else reply.code
        self.settle(
            self,
            Outcome(self.message.key, result, error_code, reply.text, bounce_class, *peer, finished_at=clock.now()),
        )

    def defer(self, trouble: SessionError, peer: Peer = NOBODY) -> None:
        """The attempt ended without a reply."""
        code, text = trouble.reply
        self.settle(
            self,
            Outcome(self.message.key, "deferred", code, text, trouble.bounce_class, *peer, finished_at=clock.now()),
        )
