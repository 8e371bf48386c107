"""The table of links below the funnel: rows and their order (contract 90 §6)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reports.metrics import percentage

METRICS = ("count_clicked", "count_raw_clicked")


@dataclass(frozen=True, slots=True)
class Link:
    """One row; `total` is its percentage of all clicks of the window and filters."""

    name: str
    raw: int
    clicks: int
    total: float


_SORT: dict[str, Callable[[Link], Any]] = {
    "name": lambda link: (link.name.casefold(), link.name),
    "raw": lambda link: link.raw,
    "clicks": lambda link: link.clicks,
    "total": lambda link: link.clicks,
}


def rows(found: Mapping[tuple[str, ...], Mapping[str, int]]) -> list[Link]:
    """The links of an answer grouped by link."""
    all_clicks = sum(values["count_clicked"] for values in found.values())
    return [
        Link(name, values["count_raw_clicked"], clicks, percentage(clicks, all_clicks))
        for (name,), values in found.items()
        if (clicks := values["count_clicked"])
    ]


def ordered(links: Iterable[Link], key: str, *, descending: bool) -> list[Link]:
    """Sorted by a column; links that are equal in it go by name, ascending."""
    by_name = sorted(links, key=_SORT["name"])
    return sorted(by_name, key=_SORT[key], reverse=descending)
