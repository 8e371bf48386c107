"""What one message saw lately: how many of its links, from how many networks (input of tracking.classify)."""

from collections import OrderedDict, deque
from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network
from typing import NamedTuple

from tracking.classify import Rules

_MESSAGES = 20_000
_CLICKS_A_MESSAGE = 100


class _Click(NamedTuple):
    at_s: float
    link: str
    network: str
    unsubscribe: bool


class Seen(NamedTuple):
    """Distinct links and networks of one message within the rules' windows around one click."""

    links: int
    networks: int
    unsubscribed_too: bool


_ALONE = Seen(1, 1, False)


class Bursts:
    """The latest clicks of the latest messages, in the memory of one recorder; bounded."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._clicks: OrderedDict[int, deque[_Click]] = OrderedDict()

    def add(self, message: int, at_s: float, link: str, address: str, unsubscribe: bool) -> None:
        clicks = self._clicks.setdefault(message, deque(maxlen=_CLICKS_A_MESSAGE))
        clicks.append(_Click(at_s, link, _network(address), unsubscribe))
        self._clicks.move_to_end(message)
        if len(self._clicks) > _MESSAGES:
            self._clicks.popitem(last=False)

    def around(self, message: int, at_s: float) -> Seen:
        """What was seen of the message around the time of one click, that click included."""
        clicks = self._clicks.get(message, ())
        if len(clicks) == 1:
            return _ALONE
        burst = [click for click in clicks if abs(click.at_s - at_s) <= self._rules.burst_window_s]
        links = {click.link for click in burst}
        near = {click.network for click in clicks if abs(click.at_s - at_s) <= self._rules.network_window_s}
        return Seen(len(links), len(near), len(links) > 2 and any(click.unsubscribe for click in burst))


@lru_cache(maxsize=10_000)
def _network(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    return str(ip_network((parsed, 24 if isinstance(parsed, IPv4Address) else 48), strict=False))
