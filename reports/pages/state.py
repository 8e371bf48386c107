"""The state of a report page, as its URL holds it (contract 90 §1–§3, §8)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Protocol
from urllib.parse import urlencode

from reports.periods import DAY, HOUR, Window, floor, parse, running_end
from reports.questions import Filters, equal

CUSTOM = "custom"
# Key in the URL -> (label, length)
PRESETS: Mapping[str, tuple[str, timedelta]] = {
    "1h": ("Last Hour", HOUR),
    "24h": ("Last 24 Hours", DAY),
    "7d": ("Last 7 Days", 7 * DAY),
    "10d": ("Last 10 Days", 10 * DAY),
    "14d": ("Last 14 Days", 14 * DAY),
    "30d": ("Last 30 Days", 30 * DAY),
    "90d": ("Last 90 Days", 90 * DAY),
}
DEFAULT_PRESET = "1h"

# Key in the URL -> (label, field); the same keys as in the API.
FILTERS: Mapping[str, tuple[str, str]] = {
    "campaigns": ("Campaign", "campaign_id"),
    "domains": ("Domain", "recipient_domain"),
    "templates": ("Template", "template_id"),
    "sending_domains": ("Sending domain", "sending_domain"),
    "sending_ips": ("Sending IP", "sending_ip"),
    "ip_pools": ("IP pool", "ip_pool"),
    "mailbox_providers": ("Mailbox provider", "mailbox_provider"),
    "subject_campaigns": ("Subject", "subject_campaign"),
}
_LONGEST_VALUE = 1024

PAGE_SIZES = (25, 50, 75, 100)
SORT_KEYS = ("name", "raw", "clicks", "total")
_TEXT_KEYS = frozenset({"name", "category", "classification"})
# More than anybody chooses; an address could name any number.
_MOST_CHOICES, _LONGEST_CHOICE = 40, 60


@dataclass(frozen=True, slots=True)
class Sorting:
    """The columns by which the table of a report can be sorted, and the one that it begins with."""

    keys: tuple[str, ...]
    default: str


LINKS = Sorting(SORT_KEYS, "clicks")


class Query(Protocol):
    """A parsed query string, such as request.GET."""

    def getlist(self, key: str, /) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter in force: a kind of FILTERS and a value."""

    kind: str
    value: str

    @property
    def label(self) -> str:
        return FILTERS[self.kind][0]


@dataclass(frozen=True, slots=True)
class State:
    """Everything that decides what a page shows. `zone` is "" where the browser's own zone is meant.

    `metrics`, `scale`, `compare` and `tab` belong to Summary, and are kept in other reports for the way back.
    `categories` and `classes` filter rows of the table by its columns; `opened` names the category whose
    classifications are shown, sorted by `inner`.
    """

    period: str = DEFAULT_PRESET
    custom_from: str = ""
    custom_to: str = ""
    zone: str = ""
    chips: tuple[Chip, ...] = ()
    people_only: bool = False
    sort: str = "clicks"
    descending: bool = True
    page: int = 1
    size: int = PAGE_SIZES[0]
    sorting: Sorting = LINKS
    metrics: tuple[str, ...] = ()
    scale: str = ""
    compare: bool = False
    tab: str = ""
    categories: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    opened: str = ""
    inner: str = ""

    @property
    def filters(self) -> Filters:
        """Values of one kind: any of them; kinds: all of them."""
        chosen: dict[str, tuple[str, ...]] = {}
        for chip in self.chips:
            chosen[chip.kind] = (*chosen.get(chip.kind, ()), chip.value)
        groups = tuple(equal(FILTERS[kind][1], values) for kind, values in chosen.items())
        return Filters(groups, self.people_only)

    def query(self, *, without: Sequence[str] = (), size: bool = True) -> str:
        """The query string of this state; defaults are left out, so that an address stays short."""
        return urlencode([(name, value) for name, value in self.fields(size=size) if name not in without])

    def fields(self, *, size: bool = True) -> list[tuple[str, str]]:
        """The state as names and values of a query string or of hidden form fields."""
        custom = self.period == CUSTOM
        pairs = [
            ("period", self.period if self.period != DEFAULT_PRESET else ""),
            ("from", self.custom_from if custom else ""),
            ("to", self.custom_to if custom else ""),
            ("timezone", self.zone),
            *((chip.kind, chip.value) for chip in self.chips),
            ("hits", "people" if self.people_only else ""),
            *(("metrics", name) for name in self.metrics),
            ("scale", self.scale),
            ("compare", "previous" if self.compare else ""),
            ("tab", self.tab),
            *(("category", name) for name in self.categories),
            *(("class", code) for code in self.classes),
            ("open", self.opened),
            ("inner", self.inner),
            ("sort", "" if (self.sort, self.descending) == self._plain_sorting else self.sort_text),
            ("page", str(self.page) if self.page > 1 else ""),
            ("size", str(self.size) if size and self.size != PAGE_SIZES[0] else ""),
        ]
        return [(name, value) for name, value in pairs if value]

    @property
    def _plain_sorting(self) -> tuple[str, bool]:
        return self.sorting.default, self.sorting.default not in _TEXT_KEYS

    def elsewhere(self) -> "State":
        """What another report is entered with: everything but what belongs to the table of this one."""
        return State(**{name: getattr(self, name) for name in _CARRIED})

    @property
    def sort_text(self) -> str:
        return f"-{self.sort}" if self.descending else self.sort

    def add(self, chip: Chip) -> "State":
        """With one more filter; those in force stay."""
        return self if chip in self.chips else replace(self, chips=(*self.chips, chip), page=1)

    def remove(self, chip: Chip) -> "State":
        return replace(self, chips=tuple(other for other in self.chips if other != chip), page=1)

    def sorted_by(self, key: str) -> "State":
        """Sorted by another column, or by the same one the other way round."""
        descending = not self.descending if key == self.sort else key not in _TEXT_KEYS
        return replace(self, sort=key, descending=descending, page=1)


_CARRIED = (
    *("period", "custom_from", "custom_to", "zone", "chips", "people_only", "size"),
    *("metrics", "scale", "compare", "tab"),
)
SCALES: Mapping[str, str] = {"": "Linear", "log": "Log", "power": "Power"}


def read(query: Query, remembered_size: str = "", sorting: Sorting = LINKS) -> State:
    """The state in a query string; what cannot be understood is as if it were not there."""
    period = _last(query, "period")
    sort = _last(query, "sort")
    known = sort.removeprefix("-") in sorting.keys
    scale = _last(query, "scale")
    return State(
        period=period if period in PRESETS or period == CUSTOM else DEFAULT_PRESET,
        custom_from=_last(query, "from")[:32],
        custom_to=_last(query, "to")[:32],
        zone=_last(query, "timezone")[:64],
        chips=tuple(dict.fromkeys(_chips(query))),
        people_only=_last(query, "hits") == "people",
        sort=sort.removeprefix("-") if known else sorting.default,
        descending=sort.startswith("-") if known else sorting.default not in _TEXT_KEYS,
        page=_number(_last(query, "page"), 1, 1_000_000, 1),
        size=_size(_last(query, "size")) or _size(remembered_size) or PAGE_SIZES[0],
        sorting=sorting,
        metrics=choices(query, "metrics"),
        scale=scale if scale in SCALES else "",
        compare=_last(query, "compare") == "previous",
        tab=_last(query, "tab")[:_LONGEST_CHOICE].replace("\0", ""),
        categories=choices(query, "category"),
        classes=choices(query, "class"),
        opened=_last(query, "open")[:_LONGEST_CHOICE].replace("\0", ""),
        inner=_last(query, "inner")[:_LONGEST_CHOICE].replace("\0", ""),
    )


def window(state: State, local: tzinfo, now: datetime) -> Window | str:
    """The window that the state stands for at `now`, or what is wrong with it in a sentence.

    Presets begin at a full hour and reach the present (docs/decisions.md 1).
    """
    if state.period != CUSTOM:
        length = PRESETS[state.period][1]
        return Window(floor(now - length, HOUR, local), running_end(now), local)
    start, end = parse(state.custom_from, local), parse(state.custom_to, local)
    if start is None or end is None:
        return "Choose a start and an end."
    if start >= end:
        return "The start must be before the end."
    if start > now:
        return "The period has not begun yet."
    return Window(start, min(end, running_end(now)), local)


def shown_end(found: Window, now: datetime) -> datetime:
    """The end of a window as people read it: not later than now."""
    return min(found.end, now.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1))


def _chips(query: Query) -> list[Chip]:
    return [
        Chip(kind, value.strip())
        for kind in FILTERS
        for value in query.getlist(kind)
        if value.strip() and "\0" not in value and len(value) <= _LONGEST_VALUE
    ]


def choices(query: Query, name: str) -> tuple[str, ...]:
    """The distinct values of a parameter that takes several, in their order."""
    found = (value.strip()[:_LONGEST_CHOICE] for value in query.getlist(name)[:_MOST_CHOICES] if "\0" not in value)
    return tuple(dict.fromkeys(filter(None, found)))


def _last(query: Query, name: str) -> str:
    values = query.getlist(name)
    return values[-1].strip() if values else ""


def _number(text: str, minimum: int, maximum: int, default: int) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        return default
    return min(max(int(text), minimum), maximum)


def _size(text: str) -> int:
    return next((size for size in PAGE_SIZES if str(size) == text), 0)
