"""The messages of an audience as an exact set: bitmaps of message numbers, less each other."""

from functools import lru_cache

from django.db import connection
from pyroaring import BitMap64

from reports import engine, log_cells, rollups
from reports.classification import CLASSES, Category
from reports.conditions import where
from reports.drilldown.audience import Audience, Who
from reports.metrics import ENGAGEMENT, REJECTIONS
from reports.periods import Window
from reports.questions import Filters, Question
from tracking.events import CLICK_TYPES, EventType

_KEPT = 64
_ADMIN = [code for code, entry in CLASSES.items() if entry.category is Category.ADMIN]
_TARGETED = (EventType.INJECTION, *REJECTIONS)


def of(audience: Audience, window: Window, filters: Filters) -> BitMap64:
    """The numbers of the messages; shared between callers, who must not change it.

    Opens and clicks come from the same facts as the funnel's figures. Injections and deliveries come from the event
    log, and are known as far back as it reaches.
    """
    return _kept(audience, window, filters, rollups.revision())


def forget() -> None:
    """Let go of every set at hand, where revisions begin anew."""
    _kept.cache_clear()


# Paging and saving ask for the same set again; a set of a million messages has at most some megabytes.
@lru_cache(maxsize=_KEPT)
def _kept(audience: Audience, window: Window, filters: Filters, _revision: int) -> BitMap64:
    match audience.who:
        case Who.TARGETED:
            return _logged(_TARGETED, window, filters)
        case Who.ACCEPTED:
            return _logged((EventType.DELIVERY,), window, filters) - _sent_back(window, filters)
        case Who.NOT_ACCEPTED:
            return of(Audience(Who.TARGETED), window, filters) - of(Audience(Who.ACCEPTED), window, filters)
        case Who.OPENED:
            return _engaged("count_unique_confirmed_opened", ENGAGEMENT, window, filters)
        case Who.NOT_OPENED:
            return of(Audience(Who.ACCEPTED), window, filters) - of(Audience(Who.OPENED), window, filters)
        case Who.CLICKED:
            return _clicked(audience, window, filters)
        case Who.NOT_CLICKED:
            clicked = Audience(Who.CLICKED, audience.link, audience.part)
            return of(Audience(Who.OPENED), window, filters) - of(clicked, window, filters)


def _clicked(audience: Audience, window: Window, filters: Filters) -> BitMap64:
    if audience.link is None:
        return _engaged("count_unique_clicked", CLICK_TYPES, window, filters)
    if audience.part:
        return clicks_by_part(audience.link, window, filters).get(audience.part, (0, BitMap64()))[1]
    return _engaged("count_raw_clicked", CLICK_TYPES, window, filters, audience.link)


def _engaged(
    metric: str, types: frozenset[EventType], window: Window, filters: Filters, link: str | None = None
) -> BitMap64:
    found = engine.tallies(Question((metric,), (window.start, window.end), filters))
    bitmaps = [
        messages
        for tally in found.values()
        for (fact, label), messages in tally.messages.items()
        if fact.type in types and link in (None, label)
    ]
    return BitMap64.union(*bitmaps) if bitmaps else BitMap64()


def _logged(types: tuple[EventType, ...], window: Window, filters: Filters, extra: str = "") -> BitMap64:
    condition, values = where(filters)
    query = (
        "SELECT d.message FROM tracking_event d WHERE d.happened_at >= %s AND d.happened_at < %s "  # noqa: S608
        f"AND d.type = ANY(%s) AND {condition} {extra}"
    )
    found = BitMap64()
    with connection.cursor() as cursor:
        cursor.execute(query, [window.start, window.end, [kind.value for kind in types], *values])
        while rows := cursor.fetchmany(50_000):
            found.update(row[0] for row in rows)
    return found


def _sent_back(window: Window, filters: Filters) -> BitMap64:
    """Out-of-band bounces, except those of category Admin: what *Accepted* leaves out (contract 80 §1)."""
    admin = ", ".join(str(code) for code in _ADMIN)
    not_admin = f"AND coalesce(d.bounce_class, 0) NOT IN ({admin})"
    return _logged((EventType.OUT_OF_BAND,), window, filters, not_admin)


def clicks_by_part(link: str, window: Window, filters: Filters) -> dict[str, tuple[int, BitMap64]]:
    """Clicks on a link and the messages they came from, by part of the message; "" where it was not recorded."""
    condition, values = where(filters)
    people = f"AND NOT {log_cells.MACHINE}" if filters.people_only else ""
    query = (
        "SELECT coalesce(d.data->'link'->>'part', ''), count(*), array_agg(DISTINCT d.message) "  # noqa: S608
        "FROM tracking_event d WHERE d.happened_at >= %s AND d.happened_at < %s AND d.type = ANY(%s) "
        f"AND d.link_label = %s AND {condition} {people} GROUP BY 1 ORDER BY 1"
    )
    clicks = sorted(kind.value for kind in CLICK_TYPES)
    with connection.cursor() as cursor:
        cursor.execute(query, [window.start, window.end, clicks, link, *values])
        return {part: (count, BitMap64(messages)) for part, count, messages in cursor.fetchall()}
