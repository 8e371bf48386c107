"""Which messages a drill-down page is about, and how its address says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlencode

PARTS: Mapping[str, str] = {"html": "HTML", "text": "Text", "amp_html": "AMP"}
_LONGEST_LINK = 8192
_MOST_DIGITS = 15


class Who(StrEnum):
    """A step of the funnel, or who fell out between two of them; the values stand in addresses."""

    TARGETED = "targeted"
    ACCEPTED = "accepted"
    NOT_ACCEPTED = "not-accepted"
    OPENED = "opened"
    NOT_OPENED = "not-opened"
    CLICKED = "clicked"
    NOT_CLICKED = "not-clicked"


_TITLES: Mapping[Who, str] = {
    Who.TARGETED: "Targeted",
    Who.ACCEPTED: "Accepted",
    Who.NOT_ACCEPTED: "Not accepted",
    Who.OPENED: "Opened",
    Who.NOT_OPENED: "Did not open",
    Who.CLICKED: "Clicked",
    Who.NOT_CLICKED: "Did not click",
}
_EXPLANATIONS: Mapping[Who, str] = {
    Who.TARGETED: "Messages injected or rejected in the period.",
    Who.ACCEPTED: "Messages that a server accepted in the period and did not send back.",
    Who.NOT_ACCEPTED: "Messages targeted in the period that no server accepted in it.",
    Who.OPENED: "Messages with either pixel loaded or a link clicked in the period.",
    Who.NOT_OPENED: "Messages accepted in the period that were not opened in it.",
    Who.CLICKED: "Messages with a click on any link in the period.",
    Who.NOT_CLICKED: "Messages opened in the period without a click in it.",
}
_EXPLANATIONS_OF_LINK: Mapping[Who, str] = {
    Who.CLICKED: "Messages with a click on this link in the period.",
    Who.NOT_CLICKED: "Messages opened in the period without a click on this link in it.",
}


class Query(Protocol):
    """A parsed query string, such as request.GET."""

    def getlist(self, key: str, /) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Audience:
    """A step, narrowed to one link (its label in reports) and to one part of the message where they are given."""

    who: Who = Who.TARGETED
    link: str | None = None
    part: str = ""

    @property
    def title(self) -> str:
        return f"{_TITLES[self.who]} in the {PARTS[self.part]} part" if self.part else _TITLES[self.who]

    @property
    def explanation(self) -> str:
        of_link = _EXPLANATIONS_OF_LINK if self.link is not None else {}
        return of_link.get(self.who) or _EXPLANATIONS[self.who]

    def fields(self) -> list[tuple[str, str]]:
        """Names and values of the query string."""
        pairs = [("who", self.who.value)]
        if self.link is not None:
            pairs.append(("link", self.link))
        return [*pairs, ("part", self.part)] if self.part else pairs

    def query(self) -> str:
        return urlencode(self.fields())

    def choices(self) -> list["Audience"]:
        """What the page offers beside this one: all steps, or both sides of the same link."""
        if self.link is None:
            return [Audience(who) for who in Who]
        return [Audience(who, self.link, self.part) for who in (Who.CLICKED, Who.NOT_CLICKED)]


def read(query: Query) -> Audience:
    """The audience in a query string; what cannot be understood is as if it were not there."""
    who = one_of([who.value for who in Who], last(query, "who"), Who.TARGETED.value)
    links = query.getlist("link")
    link = links[-1] if links and "\0" not in links[-1] and len(links[-1]) <= _LONGEST_LINK else None
    if link is None:
        return Audience(Who(who))
    side = Who.NOT_CLICKED if who == Who.NOT_CLICKED else Who.CLICKED
    return Audience(side, link, one_of([*PARTS], last(query, "part"), ""))


def last(query: Query, name: str) -> str:
    """The last value of that name, "" without any."""
    values = query.getlist(name)
    return values[-1] if values else ""


def one_of(known: Sequence[str], text: str, otherwise: str) -> str:
    """The text, if it is one of the known ones."""
    return text if text in known else otherwise


def number(text: str) -> int:
    """A message number; 0, which no message has, for any other text."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else 0
