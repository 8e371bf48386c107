"""The table of links below the funnel: rows, sorting, pages, CSV (contract 90 §6, §8)."""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.metrics import percentage

METRICS = ("count_clicked", "count_raw_clicked")
# What spreadsheets take for the beginning of a formula.
_FORMULA_STARTS = ("=", "+", "-", "@")
_BYTE_ORDER_MARK = "\ufeff"


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


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a table; `numbers` are the pages to offer around it."""

    rows: Sequence[Link]
    number: int
    last: int
    count: int

    @property
    def numbers(self) -> list[int]:
        first = max(1, min(self.number - 2, self.last - 4))
        return list(range(first, min(self.last, first + 4) + 1))


def page(links: Sequence[Link], number: int, size: int) -> Page:
    """The page of that number, or the last one there is."""
    last = max(1, -(-len(links) // size))
    number = min(number, last)
    return Page(links[(number - 1) * size : number * size], number, last, len(links))


def as_csv(links: Iterable[Link], header: Sequence[str]) -> str:
    """All rows with a byte-order mark, in RFC 4180 form; names that look like formulas are made harmless."""
    output = io.StringIO()
    output.write(_BYTE_ORDER_MARK)
    writer = csv.writer(output, lineterminator="\r\n")
    writer.writerow(header)
    for link in links:
        writer.writerow([_harmless(link.name), link.raw, link.clicks, f"{link.total:.2f}"])
    return output.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
