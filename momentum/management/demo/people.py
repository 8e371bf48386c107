"""Invented people: an address that nobody has, a client, a place, and habits of reading."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {_WEBKIT} Chrome/141.0.0.0 Safari/537.36"
OUTLOOK = (
    "Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 10.0; Win64; x64; Trident/7.0; Microsoft Outlook 16.0.17328)"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.6 Mobile/15E148 Safari/604.1"
)
MAC = (
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.6 Safari/605.1.15"
)
ANDROID = f"Mozilla/5.0 (Linux; Android 15; Pixel 9) {_WEBKIT} Chrome/141.0.0.0 Mobile Safari/537.36"
THUNDERBIRD = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.3.0"
GMAIL_PROXY = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"
YAHOO_PROXY = "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html"
PRIVACY_PROXY = "Mozilla/5.0"
SCANNER = "Mozilla/5.0 (compatible; Proofpoint Link Scanner)"


class Machine(Enum):
    """The machine that touches a person's mail before the person does."""

    NONE = "none"
    PRIVACY_PROXY = "privacy proxy"  # loads the pixels of every message on delivery
    NAMED_SCANNER = "scanner with a name"  # follows a link or two, and says who it is
    BURST_SCANNER = "scanner in disguise"  # follows all links at once, as a browser


@dataclass(frozen=True, slots=True)
class Provider:
    """Where mailboxes lie; all names end in .example (RFC 2606): nobody can be written to by mistake."""

    domain: str
    name: str
    region: str
    weight: float
    clients: tuple[tuple[str, str], ...]  # what loads images, what follows links
    machines: tuple[tuple[Machine, float], ...] = ()


_PROVIDERS = (
    Provider(
        "gmail.example",
        "Gmail",
        "Global",
        34,
        ((GMAIL_PROXY, ANDROID), (GMAIL_PROXY, CHROME), (GMAIL_PROXY, IPHONE)),
    ),
    Provider(
        "outlook.example", "Microsoft", "Global", 18, ((OUTLOOK, CHROME), (CHROME, CHROME), (ANDROID, ANDROID))
    ),
    Provider("yahoo.example", "Yahoo", "Global", 9, ((YAHOO_PROXY, CHROME), (YAHOO_PROXY, ANDROID))),
    Provider(
        "icloud.example", "Apple", "Global", 13, ((IPHONE, IPHONE), (MAC, MAC)), ((Machine.PRIVACY_PROXY, 0.85),)
    ),
    Provider("gmx.example", "GMX", "Europe", 8, ((THUNDERBIRD, FIREFOX), (CHROME, CHROME), (ANDROID, ANDROID))),
    Provider("orange.example", "Orange", "Europe", 5, ((CHROME, CHROME), (IPHONE, IPHONE))),
    Provider(
        "factory.example",
        "Other",
        "Global",
        7,
        ((OUTLOOK, CHROME),),
        ((Machine.BURST_SCANNER, 0.6), (Machine.NAMED_SCANNER, 0.4)),
    ),
    Provider("university.example", "Other", "Global", 6, ((THUNDERBIRD, FIREFOX), (MAC, MAC))),
)
PROVIDERS = {provider.domain: provider for provider in _PROVIDERS}

# Country, region, city, latitude, longitude, offset from UTC in hours, weight.
_PLACES: tuple[tuple[str, str, str, float, float, int, float], ...] = (
    ("DE", "BE", "Berlin", 52.52, 13.40, 1, 18),
    ("DE", "HH", "Hamburg", 53.55, 9.99, 1, 9),
    ("FR", "IDF", "Paris", 48.86, 2.35, 1, 13),
    ("PT", "08", "Faro", 37.02, -7.93, 0, 6),
    ("GB", "ENG", "Leeds", 53.80, -1.55, 0, 12),
    ("ES", "MD", "Madrid", 40.42, -3.70, 1, 9),
    ("US", "NY", "New York", 40.71, -74.01, -5, 14),
    ("US", "OR", "Portland", 45.52, -122.68, -8, 7),
    ("CA", "QC", "Montreal", 45.50, -73.57, -5, 5),
    ("IN", "KA", "Bengaluru", 12.97, 77.59, 5, 7),
)
_FIRST = (
    *("Ines", "Jonas", "Amira", "Luis", "Chloé", "Marek", "Sofia", "Tom", "Yuki", "Nadia", "Ola", "Priya", "Ben"),
    *("Carla", "Émile", "Fatou", "Gil", "Hanna", "Ivo", "Jana", "Kofi", "Lena", "Milan", "Nils", "Rosa", "Sam"),
)
_LAST = (
    *("Almeida", "Becker", "Costa", "Dubois", "Evans", "Fischer", "Garcia", "Hansen", "Ito", "Jensen", "Kaur"),
    *("Lopez", "Meyer", "Novak", "Okafor", "Petit", "Quinn", "Rossi", "Silva", "Turner", "Varga", "Weber"),
)
_PLANS = ("free", "free", "free", "basic", "basic", "pro")
# Hours at which people read, and how many do.
_HOURS = ((7.5, 0.3), (12.5, 0.22), (17.5, 0.18), (20.5, 0.3))
_ADDRESSES = ("192.0.2", "198.51.100", "203.0.113")  # RFC 5737


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who gets mail. Chances are between 0 and 1; `hour` is local, `offset` the hours of it from UTC."""

    number: int
    first_name: str
    email: str
    provider: Provider
    plan: str
    is_gone: bool
    opens: float
    clicks: float
    hour: float
    offset: int
    loads_with: str
    follows_with: str
    machine: Machine
    address: str
    place: dict[str, Any]


def invented(count: int, chance: random.Random) -> list[Person]:
    """So many people, the same for the same chance."""
    return [_person(number, chance) for number in range(count)]


def _person(number: int, chance: random.Random) -> Person:
    (provider,) = chance.choices(_PROVIDERS, [one.weight for one in _PROVIDERS])
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    country, region, city, latitude, longitude, offset, _ = chance.choices(_PLACES, [p[-1] for p in _PLACES])[0]
    loads_with, follows_with = chance.choice(provider.clients)
    (hour,) = chance.choices([hour for hour, _ in _HOURS], [share for _, share in _HOURS])
    return Person(
        number=number,
        first_name=first,
        email=f"{_plain(first)}.{_plain(last)}{number}@{provider.domain}",
        provider=provider,
        plan=chance.choice(_PLANS),
        is_gone=chance.random() < 0.012,
        opens=chance.betavariate(1.6, 2.6),
        clicks=chance.betavariate(1.3, 5.0),
        hour=hour,
        offset=offset,
        loads_with=loads_with,
        follows_with=follows_with,
        machine=_machine(provider.machines, chance),
        address=f"{chance.choice(_ADDRESSES)}.{chance.randrange(1, 255)}",
        place={"country": country, "region": region, "city": city, "latitude": latitude, "longitude": longitude},
    )


def _machine(shares: Sequence[tuple[Machine, float]], chance: random.Random) -> Machine:
    drawn = chance.random()
    for machine, share in shares:
        drawn -= share
        if drawn < 0:
            return machine
    return Machine.NONE


def _plain(name: str) -> str:
    return name.lower().replace("é", "e")
