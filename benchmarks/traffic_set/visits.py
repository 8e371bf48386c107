"""The words in which behaviours are described: a hit with its author, and the clients of people and machines."""

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from tracking.signs import Seen

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:{v}.0) Gecko/20100101 Firefox/{v}.0"
_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{v}.0.0.0"
CHROME = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Safari/537.36"
ANDROID = f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {_WEBKIT} Mobile Safari/537.36"
_APPLE = "like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
MAC = f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7; {_APPLE} Version/18.{{v}} Safari/605.1.15"
IPHONE = f"Mozilla/5.0 (iPhone; CPU iPhone OS 18_{{v}} {_APPLE} Mobile/15E148"
OUTLOOK = "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Win64; x64; Trident/7.0; Microsoft Outlook 16.0.{v})"
GMAIL_PROXY = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
YAHOO_PROXY = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"
APPLE_PROXY = "Mozilla/5.0"
BROWSERS = (FIREFOX, CHROME, MAC, IPHONE, ANDROID)


class Labelled(NamedTuple):
    seen: Seen
    by_machine: bool
    behaviour: str


class Visitor:
    """Who has one message of `links` links, the last of which unsubscribes; times in seconds since sending."""

    def __init__(self, random: Random, behaviour: str, by_machine: bool, links: int) -> None:
        self.random, self.links = random, links
        self._behaviour, self._by_machine = behaviour, by_machine
        self.hits: list[Labelled] = []

    def browser(self, *choices: str) -> str:
        return self.random.choice(choices or BROWSERS).format(v=self.random.randint(2, 4) + 136)

    def address(self) -> str:
        low = (11, 0, 0, 1)
        high = (223, 255, 255, 254)
        return ".".join(str(self.random.randint(*bounds)) for bounds in zip(low, high, strict=True))

    def neighbour(self, address: str) -> str:
        return f"{address.rpartition('.')[0]}.{self.random.randint(1, 254)}"

    def open(self, at_s: float, address: str, agent: str, **more: bool) -> None:
        self._add(Seen(at_s, False, "", address, agent, at_s, **more))

    def click(self, at_s: float, link: int, address: str, agent: str, **more: bool) -> None:
        self._add(Seen(at_s, True, f"html {link}", address, agent, at_s, link == self.links, **more))

    def some_links(self, count: int) -> list[int]:
        """Distinct links in the order of the message, without the one that unsubscribes."""
        return sorted(self.random.sample(range(1, self.links), min(count, self.links - 1)))

    def all_links(self) -> list[int]:
        return list(range(1, self.links + 1))

    def reading_time(self) -> float:
        """When people get round to it: mostly within hours."""
        return 20 + self.random.lognormvariate(7.5, 1.6)

    def _add(self, seen: Seen) -> None:
        # Times as the tracker knows them: whole milliseconds.
        at_s = round(seen.at_s, 3)
        self.hits.append(Labelled(seen._replace(at_s=at_s, since_sent_s=at_s), self._by_machine, self._behaviour))


Behaviour = Callable[[Visitor], None]


def messages(
    seed: int, count: int, people: tuple[Behaviour, ...], machines: tuple[Behaviour, ...]
) -> list[list[Labelled]]:
    """Messages, one after the other: visited by a person, by a machine, or by both."""
    random = Random(seed)
    made = []
    for _ in range(count):
        links = random.randint(4, 12)
        visitors: list[tuple[tuple[Behaviour, ...], bool]] = [(people, False), (machines, True)]
        present = random.choices((visitors[:1], visitors[1:], visitors), (45, 25, 30))[0]
        hits: list[Labelled] = []
        for behaviours, by_machine in present:
            behaviour = random.choice(behaviours)
            visitor = Visitor(random, behaviour.__name__, by_machine, links)
            behaviour(visitor)
            hits += visitor.hits
        made.append(hits)
    return made
