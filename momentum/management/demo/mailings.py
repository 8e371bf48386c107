"""The invented mailings: what they say, to whom and when they go out."""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

_SENDER = {"email": "news@lumen-garden.example", "name": "Lumen Garden"}
_SHOP = "https://shop.lumen-garden.example"


@dataclass(frozen=True, slots=True)
class Design:
    """A template; `appeal` multiplies how readily people open it and click."""

    key: str
    name: str
    subject: str
    headline: str
    text: str
    links: tuple[tuple[str, str, str], ...]  # name ("" for none), destination, words
    appeal: float

    @property
    def content(self) -> dict[str, Any]:
        """In the form of the templates API."""
        return {"from": _SENDER, "subject": self.subject, "html": self._html(), "text": self._text()}

    def _html(self) -> str:
        (name, url, words), *others = self.links
        blocks = "".join(
            f'<tr><td style="padding:12px 24px;border-top:1px solid #e2e8f0">'
            f'<a href="{other_url}"{_named(other_name)} style="color:#0f766e">{other_words}</a></td></tr>'
            for other_name, other_url, other_words in others
        )
        return (
            '<!doctype html><html><head><meta charset="utf-8"></head>'
            '<body style="margin:0;background:#f1f5f9;font-family:Georgia,serif;color:#1e293b">'
            '<table role="presentation" width="100%" '
            'style="max-width:600px;margin:0 auto;background:#fff;border-spacing:0">'
            f'<tr><td style="padding:24px;background:#0f766e;color:#fff;font-size:22px">{self.headline}</td></tr>'
            f'<tr><td style="padding:24px">Hello {{{{first_name or "there"}}}},<p>{self.text}</p></td></tr>'
            f'<tr><td style="padding:0 24px 24px"><a href="{url}"{_named(name)} style="display:inline-block;'
            f'padding:12px 20px;background:#0f766e;color:#fff;text-decoration:none">{words}</a></td></tr>{blocks}'
            f'<tr><td style="padding:16px 24px">Not sure yet? <a href="{url}"{_named(name)}>{words}</a></td></tr>'
            '<tr><td style="padding:16px 24px;font-size:12px;color:#64748b">You get this as a customer. '
            f'<a href="{_SHOP}/unsubscribe"{_named("unsubscribe")} data-msys-unsubscribe="1">Unsubscribe</a>'
            "</td></tr></table></body></html>"
        )

    def _text(self) -> str:
        _, url, words = self.links[0]
        return f'{self.headline}\n\nHello {{{{first_name or "there"}}}},\n{self.text}\n\n{words}: {url}\n'


def _named(name: str) -> str:
    return f' data-msys-linkname="{name}"' if name else ""


def _design(
    key: str, subject: str, headline: str, text: str, appeal: float, *links: tuple[str, str, str]
) -> Design:
    return Design(key, subject.replace("{{first_name}}, ", ""), subject, headline, text, links, appeal)


DESIGNS: Mapping[str, Design] = {
    design.key: design
    for design in (
        _design(
            "newsletter",
            "What grows this month",
            "What grows this month",
            "Three plants that forgive everything, and one that does not.",
            1.0,
            ("read-more", f"{_SHOP}/journal/forgiving-plants", "Read the story"),
            ("ferns", f"{_SHOP}/plants/ferns", "Ferns from our own greenhouse"),
            ("", f"{_SHOP}/journal", "All stories"),
        ),
        _design(
            "autumn-sale-a",
            "20 % off everything until Sunday",
            "Autumn sale",
            "Everything in the shop is 20 % cheaper until Sunday night.",
            1.15,
            ("sale", f"{_SHOP}/sale", "See the offers"),
            ("bulbs", f"{_SHOP}/sale/bulbs", "Bulbs for spring"),
            ("tools", f"{_SHOP}/sale/tools", "Tools that last"),
            ("pots", f"{_SHOP}/sale/pots", "Pots and planters"),
        ),
        _design(
            "autumn-sale-b",
            "{{first_name}}, your garden has something coming",
            "Autumn sale",
            "We have put a few things aside for you, 20 % cheaper until Sunday.",
            1.35,
            ("sale", f"{_SHOP}/sale", "See what it is"),
            ("bulbs", f"{_SHOP}/sale/bulbs", "Bulbs for spring"),
            ("", f"{_SHOP}/sale/gifts?utm_source=mail", "Presents for gardeners"),
        ),
        _design(
            "basket-reminder",
            "Still in your basket",
            "Still in your basket",
            "You left something behind. We keep it for two more days.",
            1.7,
            ("basket", f"{_SHOP}/basket", "Back to the basket"),
            ("help", f"{_SHOP}/help", "Questions? We answer within a day"),
        ),
        _design(
            "welcome",
            "Welcome to Lumen Garden",
            "Welcome",
            "Good that you are here. This is how everything works.",
            2.0,
            ("start", f"{_SHOP}/start", "Set up your garden"),
            ("app", f"{_SHOP}/app", "Get the app"),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Mailing:
    """One transmission: its design goes to a `share` of the people (in order of a shuffle, from `begins` on)."""

    campaign: str
    design: Design
    at: datetime
    begins: float
    share: float
    minutes: float  # how long sending takes
    transactional: bool = False


def planned(first: datetime, last: datetime, chance: random.Random) -> Sequence[Mailing]:
    """The mailings of all days from `first` to `last`, in the order of their sending."""
    return sorted(_all(first, last, chance), key=lambda mailing: (mailing.at, mailing.design.key))


def _all(first: datetime, last: datetime, chance: random.Random) -> Iterator[Mailing]:
    day, number = first, 0
    while day <= last:
        week = number // 7
        if number % 7 == 1:
            at = day + timedelta(hours=8, minutes=chance.randrange(50))
            yield Mailing(f"newsletter-{week + 1}", DESIGNS["newsletter"], at, 0.0, 0.9, 40)
        if number % 14 == 10:
            at = day + timedelta(hours=9)
            yield Mailing("autumn-sale", DESIGNS["autumn-sale-a"], at, 0.0, 0.5, 20)
            yield Mailing("autumn-sale", DESIGNS["autumn-sale-b"], at, 0.5, 0.5, 20)
        at = day + timedelta(hours=10, minutes=chance.randrange(60))
        yield Mailing("basket-reminder", DESIGNS["basket-reminder"], at, chance.random(), 0.02, 600, True)
        at = day + timedelta(hours=6, minutes=chance.randrange(60))
        yield Mailing("welcome", DESIGNS["welcome"], at, chance.random(), 0.01, 900, True)
        day, number = day + timedelta(days=1), number + 1
