"""Reading facts for a question: the SQL over rollups and over the event log."""

from dataclasses import dataclass, fields
from typing import Any

from django.db import connection
from pyroaring import BitMap64

from reports import log_cells
from reports.conditions import where
from reports.dimensions import CAMPAIGN_DIMENSIONS
from reports.metrics import ENGAGEMENT, Fact
from reports.pieces import Piece, Source
from reports.questions import DETAIL, SUBACCOUNT, Question
from reports.rollup_store import CAMPAIGN, CAMPAIGN_DAYS, FULL, FULL_DAYS
from reports.tally import Needs, Tally


@dataclass(frozen=True, slots=True)
class RowKey:
    """Which row of the answer: the slot between two edges, and the values of `group_by`."""

    slot: int
    group: tuple[str, ...]


Found = dict[RowKey, Tally]
_FACT_WIDTH = len(fields(Fact))


def _slot_sql(question: Question, column: str) -> tuple[str, list[Any]]:
    inner = list(question.edges[1:-1])
    return (f"width_bucket({column}, %s::timestamptz[])", [inner]) if inner else ("0", [])


_TABLES = {
    (Source.QUARTER_HOURS, True): CAMPAIGN,
    (Source.QUARTER_HOURS, False): FULL,
    (Source.DAYS, True): CAMPAIGN_DAYS,
    (Source.DAYS, False): FULL_DAYS,
}


def add_rollups(found: Found, question: Question, needed: Needs, piece: Piece) -> None:
    """Add what the rollups hold of a piece to what was found."""
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
    key = [slot, *groups, "r.type", "r.bounce_class", "r.retries", "r.prefetched", "r.tracked"]
    width = len(groups) + 1
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(key)}, sum(r.count)::bigint, sum(r.msg_size)::bigint, "
            f"sum(r.queue_time)::bigint {source} "
            f"GROUP BY {', '.join(str(position + 1) for position in range(len(key)))}",
            [*slot_values, piece.start, piece.end, list(needed.types), *values],
        )
        for row in cursor:
            found[RowKey(row[0], row[1:width])].add(
                Fact(*row[width : width + _FACT_WIDTH]), *row[width + _FACT_WIDTH :]
            )
    if not needed.messages:
        return
    link = "coalesce(t.text, '')" if needed.pairs else "''"
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {', '.join(key)}, {link}, r.messages {source} AND r.messages IS NOT NULL",
            [*slot_values, piece.start, piece.end, list(needed.types), *values],
        )
        for row in cursor:
            fact, (label, stored) = Fact(*row[width : width + _FACT_WIDTH]), row[width + _FACT_WIDTH :]
            found[RowKey(row[0], row[1:width])].add_messages(fact, label, BitMap64.deserialize(stored))


_GROUP_OF_ROLLUP = {DETAIL: "coalesce(t.text, '')", SUBACCOUNT: "'0'"}


def add_log(found: Found, question: Question, needed: Needs, piece: Piece) -> None:
    """Add what the event log holds of a piece to what was found."""
    condition, values = where(question.filters)
    people = f"AND NOT {log_cells.MACHINE}" if question.filters.people_only else ""
    slot, slot_values = _slot_sql(question, "d.happened_at")
    groups = [_GROUP_OF_LOG.get(name, f"d.{name}") for name in question.group_by]
    facts = ["d.type", log_cells.BOUNCE_CLASS, log_cells.RETRIES, log_cells.PREFETCHED, log_cells.TRACKED]
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
            fact, (label, numbers, *figures) = Fact(*row[width : width + _FACT_WIDTH]), row[width + _FACT_WIDTH :]
            tally.add(fact, *figures)
            if numbers is not None and fact.type in ENGAGEMENT:
                tally.add_messages(fact, label, BitMap64(numbers))


_GROUP_OF_LOG = {DETAIL: log_cells.DETAIL, SUBACCOUNT: "'0'"}
