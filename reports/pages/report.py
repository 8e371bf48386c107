"""What makes a report page: its parts that refresh, its figures, its tables as CSV."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reports.pages import state
from reports.pages.asked import Asked
from reports.pages.state import Query, Sorting
from reports.pages.tables import Table

# The reports in the order of their menu: name in the address -> title.
TITLES: Mapping[str, str] = {
    "summary": "Summary",
    "bounces": "Bounces",
    "rejections": "Rejections",
    "accepted": "Accepted",
    "delayed": "Delayed",
    "engagement": "Engagement",
    "comparison": "Compare",
    "habits": "When and where",
}


@dataclass(frozen=True, slots=True)
class Part:
    """An element whose contents follow the figures: its id and tag, the template of what is inside."""

    id: str
    template: str
    tag: str = "div"


def table_parts(key: str) -> tuple[Part, ...]:
    """The parts of the main table of a report."""
    return (
        Part(f"{key}-table", "reports/table.html", "table"),
        Part(f"{key}-pages", "reports/table_pages.html", "nav"),
    )


def _links(_: Query) -> Sorting:
    return state.LINKS


def _nothing(_: Asked) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Report:
    """One report page.

    `figures` makes the context of the parts, only where the window has nothing wrong with it; `controls` makes what
    stands around them. `tables` makes what is saved as CSV: name of the file in the address -> table. `moves` says
    that the figures change with the clock alone, as a graph does that reaches the present.
    """

    name: str
    template: str
    parts: tuple[Part, ...]
    figures: Callable[[Asked], dict[str, Any]]
    tables: Mapping[str, Callable[[Asked], Table]] = field(default_factory=dict)
    sorting: Callable[[Query], Sorting] = _links
    controls: Callable[[Asked], dict[str, Any]] = _nothing
    moves: bool = False

    @property
    def title(self) -> str:
        return TITLES[self.name]
