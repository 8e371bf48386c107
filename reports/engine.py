"""The one engine behind the metrics API and the pages: reads facts from rollups and the log, answers questions.

A window is cut where quarter hours begin: whole ones are read from rollups, what sticks out at either end from
the event log, so that every figure is exact for any window.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from pyroaring import BitMap64

from reports import log_cells
from reports.conditions import where
from reports.dimensions import CAMPAIGN_DIMENSIONS, DIMENSIONS
from reports.metrics import ENGAGEMENT, Fact
from reports.questions import DETAIL, SUBACCOUNT, Question
from reports.rollup_store import CAMPAIGN, FULL
from reports.rollups import bucket_of
from reports.tally import Needs, Tally, needs

_BUCKET = timedelta(seconds=log_cells.BUCKET_SECONDS)


@dataclass(frozen=True, slots=True)
class RowKey:
    """Which row of the answer: the slot between two edges, and the values of `group_by`."""

    slot: int
    group: tuple[str, ...]


def tallies(question: Question) -> dict[RowKey, Tally]:
    """What was counted for each row that has anything; rows without anything are absent."""
    found: dict[RowKey, Tally] = defaultdict(Tally)
    needed = needs(question.metrics)
    for piece in _pieces(question):
        (_add_rollups if piece.rolled_up else _add_log)(found, question, needed, piece)
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


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of the window and where it is read."""

    start: datetime
    end: datetime
    rolled_up: bool


def _pieces(question: Question) -> Iterator[_Piece]:
    start, end = question.edges[0], question.edges[-1]
    if not _answered_by_rollups(question):
        yield _Piece(start, end, rolled_up=False)
        return
    first, last = _next_edge(start), bucket_of(end)
    if first > last:
        yield _Piece(start, end, rolled_up=False)
        return
    if start < first:
        yield _Piece(start, first, rolled_up=False)
    if first < last:
        yield _Piece(first, last, rolled_up=True)
    if last < end:
        yield _Piece(last, end, rolled_up=False)


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


def _add_rollups(found: dict[RowKey, Tally], question: Question, needed: Needs, piece: _Piece) -> None:
    names = question.filters.fields | set(question.group_by)
    table = CAMPAIGN if names <= {*CAMPAIGN_DIMENSIONS, DETAIL, SUBACCOUNT} else FULL
    condition, values = where(question.filters)
    people = "AND NOT r.machine" if question.filters.people_only else ""
    slot, slot_values = _slot_sql(question, "r.bucket")
    groups = [_GROUP_OF_ROLLUP.get(name, f"d.{name}") for name in question.group_by]
    detailed = "JOIN" if DETAIL in question.group_by else "LEFT JOIN"
    source = (
        f"FROM {table} r JOIN reports_dimensions d ON d.id = r.dimensions "
        f"{detailed} reports_detail t ON t.id = r.detail "
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


def _add_log(found: dict[RowKey, Tally], question: Question, needed: Needs, piece: _Piece) -> None:
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
