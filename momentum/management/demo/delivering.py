"""What the invented servers answer: deliveries, deferrals, bounces, and bounces that come later."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from momentum.management.demo.people import Person
from transmissions.delivery import Outcome, canonical_reason, classify, next_attempt

_LOCAL_IP = "192.0.2.25"
_BUSY = (
    (421, "421 4.7.0 Try again later, closing connection"),
    (
        450,
        "450 4.2.1 This user receives mail at a rate that prevents additional messages",
    ),
    (451, "451 4.7.1 Greylisting in action, please come back later"),
)
_FULL = (452, "452 4.2.2 The recipient's inbox is out of storage space")
_BLOCKED = (
    (550, "550 5.7.1 Message refused: content looks like spam"),
    (554, "554 5.7.1 Service unavailable; client host [192.0.2.25] blocked using dnsbl.example"),
)
_MOST_ATTEMPTS = 6


def attempts(person: Person, begun: datetime, now: datetime, chance: random.Random) -> Iterator[Outcome]:
    """The outcomes of all attempts up to `now`, in their order; only the last can be other than deferred."""
    moment = begun + timedelta(milliseconds=chance.lognormvariate(6.5, 0.7))
    waits = _waits(person, chance)
    for failed in range(_MOST_ATTEMPTS):
        if moment > now:
            return
        if failed == len(waits):
            yield _final(person, moment, chance)
            return
        yield _refused("deferred", *waits[failed], moment)
        again = next_attempt(failed + 1, begun, moment)
        if again is None:
            return
        moment = again + timedelta(seconds=chance.uniform(0, 15))


def returned_later(delivered: datetime, chance: random.Random) -> tuple[datetime, str, int] | None:
    """When a delivered message comes back after all, its reply and bounce class; for most, never."""
    if chance.random() >= 0.003:
        return None
    text = "550 5.1.1 mailbox unavailable after forwarding"
    return delivered + timedelta(minutes=chance.uniform(2, 90)), text, classify(550, text)


def _waits(person: Person, chance: random.Random) -> list[tuple[int, str]]:
    drawn = chance.random()
    if person.is_gone or drawn > 0.05:
        return []
    if drawn < 0.006:
        return [_FULL] * chance.randrange(2, _MOST_ATTEMPTS + 1)
    return [chance.choice(_BUSY)] * chance.choice((1, 1, 1, 2))


def _final(person: Person, moment: datetime, chance: random.Random) -> Outcome:
    if person.is_gone:
        return _refused("bounced", 550, f"550 5.1.1 <{person.email}> User unknown", moment)
    if chance.random() < 0.004:
        return _refused("bounced", *chance.choice(_BLOCKED), moment)
    remote = f"198.51.100.{1 + sum(map(ord, person.provider.domain)) % 250}"
    return Outcome(0, "delivered", None, "250 2.0.0 OK", None, remote, _LOCAL_IP, True, moment)


def _refused(result: Literal["deferred", "bounced"], code: int, text: str, moment: datetime) -> Outcome:
    return Outcome(0, result, code, text, classify(code, text), "198.51.100.9", _LOCAL_IP, True, moment)


def masked(text: str) -> str:
    """The reason as reports group it."""
    return canonical_reason(text)
