"""The one engine behind the metrics API and the pages: reads facts from rollups and the log, answers questions.

A window is cut where days (UTC) and quarter hours begin: whole ones are read from rollups, what sticks out at
either end from the event log, so that every figure is exact for any window.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from django.db import connection
from pyroaring import BitMap64

from reports import days, log_cells
from reports.conditions import where
from reports.dimensions import CAMPAIGN_DIMENSIONS, DIMENSIONS
from reports.metrics import ENGAGEMENT, Fact
from reports.questions import DETAIL, SUBACCOUNT, Question
from reports.rollup_store import CAMPAIGN, CAMPAIGN_DAYS, FULL, FULL_DAYS
from reports.rollups import bucket_of
from reports.tally import Needs, Tally, needs

# How often a reading that condensing got in the way of is repeated, before quarter hours alone answer.
_ATTEMPTS = 3
_BUCKET = timedelta(seconds=log_cells.BUCKET_SECONDS)


@dataclass(frozen=True, slots=True)
class RowKey:
    """Which row of the answer: the slot between two edges, and the values of `group_by`."""

    slot: int
    group: tuple[str, ...]


def tallies(question: Question) -> dict[RowKey, Tally]:
    """What was counted for each row that has anything; rows without anything are absent."""
    for _ in range(_ATTEMPTS):
        whole_days = days.condensed(question.edges[0], question.edges[-1])
        found = _read(question, whole_days)
        # A day that was condensed anew meanwhile may have been read half.
        if whole_days.items() <= days.condensed(question.edges[0], question.edges[-1]).items():
            return found
    return _read(question, {})


def _read(question: Question, whole_days: Collection[datetime]) -> dict[RowKey, Tally]:
    found: dict[RowKey, Tally] = defaultdict(Tally)
    needed = needs(question.metrics)
    for piece in pieces(question, whole_days):
        if piece.source is Source.LOG:
            _add_log(found, question, needed, piece)
        else:
            _add_rollups(found, question, needed, piece)
    return dict(found)


def total(question: Question) -> dict[str, int]:
    """The metrics of a question without grouping and slots."""
    found = tallies(question)
    return found.get(RowKey(0, ()), Tally()).values(question.metrics)


def series(question: Question) -> list[dict[str, int]]:
    """The metrics of each slot, without grouping."""
    found = tallies(question)
    empty = Tally()
    return [found.get(RowKey(slot, ()), empty).values(question.metrics) for slot in range(len(question.edges) - 1)]


def grouped(question: Question) -> dict[tuple[str, ...], dict[str, int]]:
    """The metrics of each group of a question without slots."""
    return {key.group: tally.values(question.metrics) for key, tally in tallies(question).items()}


class Source(Enum):
    """What a part of a window is read from."""

    LOG = "log"
    QUARTER_HOURS = "quarter hours"
    DAYS = "days"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the window and where it is read."""

    start: datetime
    end: datetime
    source: Source


def pieces(question: Question, whole_days: Collection[datetime]) -> Iterator[Piece]:
    """The window in ascending parts; `whole_days` are the starts of the days that have been condensed."""
    start, end = question.edges[0], question.edges[-1]
    first, last = _next_edge(start), bucket_of(end)
    if first > last or not _answered_by_rollups(question):
        yield Piece(start, end, Source.LOG)
        return
    if start < first:
        yield Piece(start, first, Source.LOG)
    cut = {days.day_of(edge) for edge in question.edges[1:-1] if edge != days.day_of(edge)}
    usable = sorted(day for day in whole_days if first <= day and day + days.DAY <= last and day not in cut)
    for begin, finish in _runs(usable):
        if first < begin:
            yield Piece(first, begin, Source.QUARTER_HOURS)
        yield Piece(begin, finish, Source.DAYS)
        first = finish
    if first < last:
        yield Piece(first, last, Source.QUARTER_HOURS)
    if last < end:
        yield Piece(last, end, Source.LOG)


def _runs(starts: Iterable[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """Consecutive days joined: the start of each run and its end."""
    run: tuple[datetime, datetime] | None = None
    for day in starts:
        if run is not None and run[1] == day:
            run = (run[0], day + days.DAY)
            continue
        if run is not None:
            yield run
        run = (day, day + days.DAY)
    if run is not None:
        yield run


def _answered_by_rollups(question: Question) -> bool:
    names = question.filters.fields | set(question.group_by)
    inner = question.edges[1:-1]
    return names <= {*DIMENSIONS, DETAIL, SUBACCOUNT} and all(bucket_of(edge) == edge for edge in inner)


def _next_edge(moment: datetime) -> datetime:
    bucket = bucket_of(moment)
    return bucket if bucket == moment else bucket + _BUCKET


def _slot_sql(question: Question, column: str) -> tuple[str, list[Any]]:
    inner = list(question.edges[1:-1])
    return (f"width_bucket({column}, %s::timestamptz[])", [inner]) if inner else ("0", [])


_TABLES = {
    (Source.QUARTER_HOURS, True): CAMPAIGN,
    (Source.QUARTER_HOURS, False): FULL,
    (Source.DAYS, True): CAMPAIGN_DAYS,
    (Source.DAYS, False): FULL_DAYS,
}


def _add_rollups(found: dict[RowKey, Tally], question: Question, needed: Needs, piece: Piece) -> None:
    names = question.filters.fields | set(question.group_by)
    few = names <= {*CAMPAIGN_DIMENSIONS, DETAIL, SUBACCOUNT}
    table = _TABLES[piece.source, few]
    condition, values = where(question.filters)
    people = "AND NOT r.machine" if question.filters.people_only else ""
    slot, slot_values = _slot_sql(question, "r.bucket")
    groups = [_GROUP_OF_ROLLUP.get(name, f"d.{name}") for name in question.group_by]
    texts = "LEFT JOIN reports_detail t ON t.id = r.detail" if DETAIL in question.group_by or needed.pairs else ""
    source = (
        f"FROM {table} r JOIN reports_dimensions d ON d.id = r.dimensions "
        f"{texts} "
        f"WHERE r.bucket >= %s AND r.bucket < %s AND r.type = ANY(%s) AND {condition} {people}"
    )
    key = [slot, *groups, "r.type", "r.bounce_class", "r.retries", "r.prefetched"]
    width = len(groups) + 1
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(key)}, sum(r.count)::bigint, sum(r.msg_size)::bigint, "
            f"sum(r.queue_time)::bigint {source} "
            f"GROUP BY {', '.join(str(position + 1) for position in range(len(key)))}",
            [*slot_values, piece.start, piece.end, list(needed.types), *values],
        )
        for row in cursor:
            found[RowKey(row[0], row[1:width])].add(Fact(*row[width : width + 4]), *row[width + 4 :])
    if not needed.messages:
        return
    link = "coalesce(t.text, '')" if needed.pairs else "''"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(key)}, {link}, r.messages {source} AND r.messages IS NOT NULL",
            [*slot_values, piece.start, piece.end, list(needed.types), *values],
        )
        for row in cursor:
            fact, (label, stored) = Fact(*row[width : width + 4]), row[width + 4 :]
            found[RowKey(row[0], row[1:width])].add_messages(fact, label, BitMap64.deserialize(stored))


_GROUP_OF_ROLLUP = {DETAIL: "coalesce(t.text, '')", SUBACCOUNT: "'0'"}


def _add_log(found: dict[RowKey, Tally], question: Question, needed: Needs, piece: Piece) -> None:
    condition, values = where(question.filters)
    people = f"AND NOT {log_cells.MACHINE}" if question.filters.people_only else ""
    slot, slot_values = _slot_sql(question, "d.happened_at")
    groups = [_GROUP_OF_LOG.get(name, f"d.{name}") for name in question.group_by]
    facts = ["d.type", log_cells.BOUNCE_CLASS, log_cells.RETRIES, log_cells.PREFETCHED]
    link = log_cells.DETAIL if needed.pairs else "''"
    key = [slot, *groups, *facts, link]
    messages = log_cells.MESSAGES if needed.messages else "NULL"
    width = len(groups) + 1
    query = (
        f"SELECT {', '.join(key)}, {messages}, count(*), sum(d.msg_size)::bigint, "  # noqa: S608
        f"sum(d.queue_time)::bigint FROM tracking_event d "
        f"WHERE d.happened_at >= %s AND d.happened_at < %s AND d.type = ANY(%s) AND {condition} {people} "
        f"GROUP BY {', '.join(str(position + 1) for position in range(len(key)))}"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, [*slot_values, piece.start, piece.end, list(needed.types), *values])
        for row in cursor:
            tally = found[RowKey(row[0], row[1:width])]
            fact, (label, numbers, *figures) = Fact(*row[width : width + 4]), row[width + 4 :]
            tally.add(fact, *figures)
            if numbers is not None and fact.type in ENGAGEMENT:
                tally.add_messages(fact, label, BitMap64(numbers))


_GROUP_OF_LOG = {DETAIL: log_cells.DETAIL, SUBACCOUNT: "'0'"}
