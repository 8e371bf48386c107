"""Outcomes on their way from the loop's thread to the caller's."""

import asyncio
import queue
from typing import NamedTuple

from transmissions.delivery.ticket import Ticket
from transmissions.delivery.values import Outcome

# Waking the other thread for each outcome would cost more than the delivery; 5 ms is nobody's wait.
HANDFUL = 25
PAUSE = 0.005


class Arrival(NamedTuple):
    """Some outcomes, and the bytes of their messages, which are now free."""

    outcomes: list[Outcome]
    size: int


NOTHING = Arrival([], 0)


class Inbox:
    """One per call of `deliver`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._arrivals: queue.SimpleQueue[Arrival] = queue.SimpleQueue()
        self._outcomes: list[Outcome] = []
        self._size = 0
        self._is_scheduled = False

    def settle(self, ticket: Ticket, outcome: Outcome) -> None:
        """In the loop's thread."""
        self._outcomes.append(outcome)
        self._size += len(ticket.message.data)
        if len(self._outcomes) >= HANDFUL:
            self._hand_over()
        elif not self._is_scheduled:
            self._is_scheduled = True
            self._loop.call_later(PAUSE, self._flush)

    def _flush(self) -> None:
        self._is_scheduled = False
        if self._outcomes:
            self._hand_over()

    def _hand_over(self) -> None:
        self._arrivals.put(Arrival(self._outcomes, self._size))
        self._outcomes, self._size = [], 0

    def take(self, seconds: float) -> Arrival:
        """In the caller's thread: what has arrived, waiting for it up to `seconds`."""
        try:
            return self._arrivals.get(timeout=seconds) if seconds > 0 else self._arrivals.get_nowait()
        except queue.Empty:
            return NOTHING
