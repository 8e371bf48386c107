"""Clicks by content and place: which link of which message they followed, two links to one URL apart."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import connection
from pyroaring import BitMap64

from reports import log_cells
from reports.conditions import where
from reports.periods import Window
from reports.questions import Filters
from tracking.events import CLICK_TYPES

_MOST_ROWS = 50_000


class Content(NamedTuple):
    """What was sent: a version of a stored template, or else the content of one transmission."""

    template: str
    version: str
    transmission: int | None


class Place(NamedTuple):
    """Where in a message a link stands; `part` is "" and `position` 0 where that was not recorded."""

    part: str
    position: int
    label: str


@dataclass(slots=True)
class Clicks:
    """How often, and in how many messages."""

    clicks: int = 0
    messages: BitMap64 = field(default_factory=BitMap64)


@dataclass(slots=True)
class Mapped:
    """The clicks on one content; `transmission` is one that sent it, `campaigns` are all that did."""

    content: Content
    transmission: int | None = None
    campaigns: set[str] = field(default_factory=set)
    places: dict[Place, Clicks] = field(default_factory=lambda: defaultdict(Clicks))

    @property
    def clicks(self) -> int:
        return sum(found.clicks for found in self.places.values())


def clicked(window: Window, filters: Filters) -> list[Mapped]:
    """Every content with clicks in the window, the most clicked first."""
    condition, values = where(filters)
    people = f"AND NOT {log_cells.MACHINE}" if filters.people_only else ""
    query = (
        "SELECT d.template_id, coalesce(d.data->>'template_version', ''), "  # noqa: S608
        "CASE WHEN d.template_id = '' THEN d.transmission END, d.campaign_id, "
        "coalesce(d.data->'link'->>'part', ''), coalesce((d.data->'link'->>'position')::int, 0), d.link_label, "
        "count(*), array_agg(DISTINCT d.message), max(d.transmission) FROM tracking_event d "
        f"WHERE d.happened_at >= %s AND d.happened_at < %s AND d.type = ANY(%s) AND {condition} {people} "
        "GROUP BY 1, 2, 3, 4, 5, 6, 7 LIMIT %s"
    )
    found: dict[Content, Mapped] = {}
    clicks = sorted(kind.value for kind in CLICK_TYPES)
    with connection.cursor() as cursor:
        cursor.execute(query, [window.start, window.end, clicks, *values, _MOST_ROWS])
        for template, version, inline, campaign, part, position, label, count, messages, sent in cursor:
            content = Content(template, version, inline)
            mapped = found.setdefault(content, Mapped(content))
            mapped.transmission = max(filter(None, (mapped.transmission, sent)), default=None)
            mapped.campaigns.add(campaign)
            counted = mapped.places[Place(part, position, label)]
            counted.clicks += count
            counted.messages.update(messages)
    return sorted(found.values(), key=lambda mapped: (-mapped.clicks, mapped.content.template, str(mapped.content)))
