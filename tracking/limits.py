"""How many clicks one address may make in a short time (contract 50 §6)."""

from tracking.addresses import is_public

WINDOW_S = 10
# More than an office of hundreds behind one address makes, less than a program that tries links.
DEFAULT_LIMIT = 3000
# Addresses counted in one window: bounds the memory; beyond it new addresses are not limited.
_CAPACITY = 50_000


class ClickLimit:
    """Counts clicks by address in windows of 10 seconds, in this process alone.

    Only public addresses are limited: where every reader seems to come from a private one, it is a proxy or a
    container's network, and a limit would shut all of them out. `limit` 0 lets everyone through.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._window = 0
        self._counts: dict[str, int] = {}

    def allows(self, address: str, now_s: float) -> bool:
        """Count one click and say whether it is within the limit."""
        if not self._limit or not is_public(address):
            return True
        window = int(now_s) // WINDOW_S
        if window != self._window:
            self._window, self._counts = window, {}
        count = self._counts.get(address, 0) + 1
        if count > 1 or len(self._counts) < _CAPACITY:
            self._counts[address] = count
        return count <= self._limit
