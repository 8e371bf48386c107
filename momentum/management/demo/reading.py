"""What becomes of a delivered message: who loads its pixels and follows its links, person or machine, and when."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from momentum.management.demo.people import CHROME, PRIVACY_PROXY, SCANNER, Machine, Person
from tracking.tokens import LinkPart

_READING_S = (2.0, 45.0)


@dataclass(frozen=True, slots=True)
class Touch:
    """One request for a pixel or a link."""

    at: datetime
    link: LinkPart
    agent: str
    address: str
    is_at_home: bool = True


@dataclass(frozen=True, slots=True)
class Sealed:
    """What can be touched in a message: its pixels and the links of its parts."""

    pixels: tuple[LinkPart, ...]
    html: tuple[LinkPart, ...]
    text: tuple[LinkPart, ...]
    unsubscribe: LinkPart


def touches(
    person: Person, sealed: Sealed, appeal: float, delivered: datetime, chance: random.Random
) -> Iterator[Touch]:
    """Everything that happens to one message after its delivery, in no particular order."""
    yield from _by_machine(person, sealed, delivered, chance)
    if chance.random() >= min(0.95, person.opens * appeal):
        return
    opened = _first_look(person, delivered, chance)
    yield from _pixels(sealed, opened, person.loads_with, person.address, chance)
    for _ in range(chance.choices((0, 1, 2), (80, 15, 5))[0]):
        again = opened + timedelta(hours=chance.expovariate(1 / 20))
        yield from _pixels(sealed, again, person.loads_with, person.address, chance)
    if chance.random() < min(0.9, person.clicks * appeal):
        yield from _clicks(person, sealed, opened, chance)
    if chance.random() < 0.003:
        yield Touch(opened + timedelta(seconds=30), sealed.unsubscribe, "", person.address)


def _by_machine(person: Person, sealed: Sealed, delivered: datetime, chance: random.Random) -> Iterator[Touch]:
    if person.machine is Machine.PRIVACY_PROXY:
        at = delivered + timedelta(seconds=chance.uniform(1, 900))
        yield from (Touch(at, pixel, PRIVACY_PROXY, "203.0.113.7", False) for pixel in sealed.pixels)
    elif person.machine is Machine.NAMED_SCANNER:
        for link in chance.sample(sealed.html, min(2, len(sealed.html))):
            at = delivered + timedelta(seconds=chance.uniform(1, 20))
            yield Touch(at, link, SCANNER, "203.0.113.19", False)
    elif person.machine is Machine.BURST_SCANNER and chance.random() < 0.5:
        at = delivered + timedelta(seconds=chance.uniform(0.5, 30))
        for link in sealed.html:
            at += timedelta(milliseconds=chance.uniform(5, 200))
            yield Touch(at, link, CHROME, "203.0.113.33", False)


def _first_look(person: Person, delivered: datetime, chance: random.Random) -> datetime:
    """Some look at once; the others at their hour of that day or of one of the next."""
    if chance.random() < 0.35:
        return delivered + timedelta(minutes=1 + chance.expovariate(1 / 25))
    midnight = delivered.replace(hour=0, minute=0, second=0, microsecond=0)
    hour = person.hour - person.offset + chance.gauss(0, 0.8)
    days = 0
    while chance.random() < 0.3:
        days += 1
    look = midnight + timedelta(days=days, hours=hour)
    while look < delivered + timedelta(minutes=1):
        look += timedelta(days=1)
    return look


def _pixels(sealed: Sealed, at: datetime, agent: str, address: str, chance: random.Random) -> Iterator[Touch]:
    """The top pixel; the bottom one as well, unless the mail client shows only the beginning."""
    reached = sealed.pixels if chance.random() < 0.93 else sealed.pixels[:1]
    for pixel in reached:
        yield Touch(at, pixel, agent, address)
        at += timedelta(milliseconds=chance.uniform(10, 400))


def _clicks(person: Person, sealed: Sealed, opened: datetime, chance: random.Random) -> Iterator[Touch]:
    at = opened
    for _ in range(chance.choices((1, 2, 3), (75, 20, 5))[0]):
        at += timedelta(seconds=chance.uniform(*_READING_S))
        links: Sequence[LinkPart] = sealed.text if chance.random() < 0.06 else sealed.html
        weights = [5 if index == 0 else 2 if not link.unsubscribe else 0.06 for index, link in enumerate(links)]
        (link,) = chance.choices(links, weights)
        yield Touch(at, link, person.follows_with, person.address)
