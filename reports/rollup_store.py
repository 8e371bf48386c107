"""Adding cells to the rollup tables: names become ids, counts add up, bitmaps unite."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from django.db import connection
from pyroaring import BitMap64

from reports.dimensions import CAMPAIGN_DIMENSIONS, DIMENSIONS
from reports.log_cells import Cell
from reports.models import CampaignDay, CampaignRollup, Detail, Dimensions, FullDay, FullRollup

FULL, CAMPAIGN = FullRollup._meta.db_table, CampaignRollup._meta.db_table
FULL_DAYS, CAMPAIGN_DAYS = FullDay._meta.db_table, CampaignDay._meta.db_table
_LINK, _REASON = "link", "reason"
_KEPT_BY_CAMPAIGN = tuple(name in CAMPAIGN_DIMENSIONS for name in DIMENSIONS)


class Key(NamedTuple):
    """The primary key of a rollup row."""

    bucket: datetime
    dimensions: int
    type: str
    bounce_class: int
    retries: int
    prefetched: bool
    tracked: int
    machine: bool
    detail: int


@dataclass(slots=True)
class Increment:
    """What is added to one row."""

    count: int = 0
    msg_size: int = 0
    queue_time: int = 0
    messages: BitMap64 | None = None

    def add(self, count: int, msg_size: int, queue_time: int, messages: BitMap64 | None) -> None:
        self.count += count
        self.msg_size += msg_size
        self.queue_time += queue_time
        if messages is not None:
            self.add_messages(messages)

    def add_messages(self, members: BitMap64) -> None:
        self.messages = members if self.messages is None else self.messages | members


def store(cells: list[Cell]) -> None:
    """Add cells to both rollups, in the current transaction; one process at a time (reports.rollups)."""
    for table in (FULL, CAMPAIGN):
        increments = _increments(table, cells)
        for key, members in _stored_messages(table, increments).items():
            increments[key].add_messages(members)
        upsert(table, increments)


def correct(gone: list[Cell], come: list[Cell], present: list[Cell]) -> None:
    """Replace cells that rollups hold by others, in the current transaction; one process at a time.

    `present` are the cells that all opens and clicks of the messages concerned make now, in the quarter hours
    concerned: a message stays in a bitmap as long as any of its events is left there.
    """
    for table in (FULL, CAMPAIGN):
        taken, added = _increments(table, gone), _increments(table, come)
        left = _increments(table, present)
        stored = _stored_messages(table, {**taken, **added})
        corrections: dict[Key, Increment] = {}
        for key in taken.keys() | added.keys():
            old, new = taken.get(key, Increment()), added.get(key, Increment())
            members = stored.get(key, BitMap64()) - (old.messages or BitMap64())
            corrections[key] = Increment(
                *(new.count - old.count, new.msg_size - old.msg_size, new.queue_time - old.queue_time),
                members | ((left[key].messages if key in left else None) or BitMap64()),
            )
        upsert(table, corrections)
        _drop_empty(table, {key.bucket for key in taken})


def _drop_empty(table: str, buckets: set[datetime]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE bucket = ANY(%s) AND count = 0", [list(buckets)])  # noqa: S608


def _increments(table: str, cells: list[Cell]) -> dict[Key, Increment]:
    """What cells add to one of the tables, row by row."""
    kept = _KEPT_BY_CAMPAIGN if table == CAMPAIGN else None
    details = _detail_ids(cells)
    sets = [_cut(cell.dimensions, kept) for cell in cells]
    ids = _dimension_ids(set(sets))
    increments: dict[Key, Increment] = {}
    for cell, values in zip(cells, sets, strict=True):
        key = Key(
            *(cell.bucket, ids[values], cell.type, cell.bounce_class, cell.retries),
            *(cell.prefetched, cell.tracked, cell.machine, details[_detail_key(cell)]),
        )
        members = None if cell.messages is None else BitMap64(cell.messages)
        increments.setdefault(key, Increment()).add(cell.count, cell.msg_size, cell.queue_time, members)
    return increments


def _cut(values: tuple[str, ...], kept: tuple[bool, ...] | None) -> tuple[str, ...]:
    if kept is None:
        return values
    return tuple(value if keep else "" for value, keep in zip(values, kept, strict=True))


def _digest(values: Iterable[str]) -> UUID:
    joined = b"\0".join(value.encode() for value in values)
    return UUID(bytes=hashlib.blake2b(joined, digest_size=16).digest())


def _dimension_ids(sets: set[tuple[str, ...]]) -> dict[tuple[str, ...], int]:
    digests = {_digest(values): values for values in sets}
    Dimensions.objects.bulk_create(
        [
            Dimensions(digest=digest, **dict(zip(DIMENSIONS, digests[digest], strict=True)))
            for digest in digests.keys() - _known(Dimensions, digests).keys()
        ]
    )
    return {digests[digest]: id_ for digest, id_ in _known(Dimensions, digests).items()}


def _detail_key(cell: Cell) -> tuple[str, str]:
    """Links and reasons are different things even where their texts agree; ("", "") is none."""
    if not cell.detail:
        return ("", "")
    return (_REASON if cell.messages is None else _LINK, cell.detail)


def _detail_ids(cells: list[Cell]) -> dict[tuple[str, str], int]:
    unnamed: dict[tuple[str, str], bool] = {}
    for cell in cells:
        key = _detail_key(cell)
        unnamed[key] = unnamed.get(key, True) and cell.unnamed
    unnamed.pop(("", ""), None)
    digests = {_digest(key): key for key in unnamed}
    Detail.objects.bulk_create(
        [
            Detail(digest=digest, text=digests[digest][1], unnamed=unnamed[digests[digest]])
            for digest in digests.keys() - _known(Detail, digests).keys()
        ]
    )
    named = [digest for digest, key in digests.items() if not unnamed[key]]
    Detail.objects.filter(digest__in=named, unnamed=True).update(unnamed=False)
    return {("", ""): 0} | {digests[digest]: id_ for digest, id_ in _known(Detail, digests).items()}


def _known(model: type[Dimensions] | type[Detail], digests: Iterable[UUID]) -> dict[UUID, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT digest, id FROM {model._meta.db_table} WHERE digest = ANY(%s)",  # noqa: S608
            [list(digests)],
        )
        return dict(cursor.fetchall())


def unnamed_links(labels: Iterable[str]) -> set[str]:
    """Those of the labels that stand for links without a name of their own."""
    digests = [_digest((_LINK, label)) for label in labels]
    return set(Detail.objects.filter(digest__in=digests, unnamed=True).values_list("text", flat=True))


_BITMAP_KEY = ("bucket", "dimensions", "type", "prefetched", "machine", "detail")


def _stored_messages(table: str, increments: Mapping[Key, Increment]) -> dict[Key, BitMap64]:
    """The bitmaps that are stored for the keys that have one; opens and clicks have no class, retries or base."""
    keys = [key for key, increment in increments.items() if increment.messages is not None]
    if not keys:
        return {}
    columns = [[getattr(key, name) for key in keys] for name in _BITMAP_KEY]
    query = (
        f"SELECT k.n, r.messages FROM {table} r JOIN "  # noqa: S608
        "unnest(%s::timestamptz[], %s::int[], %s::text[], %s::bool[], %s::bool[], %s::int[]) "
        f"WITH ORDINALITY AS k({', '.join(_BITMAP_KEY)}, n) USING ({', '.join(_BITMAP_KEY)}) "
        "WHERE r.bounce_class = 0 AND r.retries = 0 AND r.tracked = 0"
    )
    with connection.cursor() as cursor:
        cursor.execute(query, columns)
        return {keys[number - 1]: BitMap64.deserialize(stored) for number, stored in cursor.fetchall()}


_ADDED = ("count", "msg_size", "queue_time")
_COLUMNS = (*Key._fields, *_ADDED, "messages")


def upsert(table: str, increments: Mapping[Key, Increment]) -> None:
    """Add to a rollup table in the current transaction; bitmaps replace what is stored."""
    with connection.cursor() as wrapped:
        cursor: psycopg.Cursor[Any] = wrapped.cursor
        cursor.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS incoming_rollup (LIKE {FULL}) ON COMMIT DELETE ROWS")
        # Not empty after the other rollup of the same transaction; TRUNCATE would write to the catalog each time.
        cursor.execute("DELETE FROM incoming_rollup")
        with cursor.copy(f"COPY incoming_rollup ({', '.join(_COLUMNS)}) FROM STDIN") as copy:
            for key, increment in increments.items():
                copy.write_row(
                    (
                        *key,
                        *(increment.count, increment.msg_size, increment.queue_time),
                        None if increment.messages is None else increment.messages.serialize(),
                    )
                )
        cursor.execute(
            f"INSERT INTO {table} AS r ({', '.join(_COLUMNS)}) "  # noqa: S608
            f"SELECT {', '.join(_COLUMNS)} FROM incoming_rollup ON CONFLICT ({', '.join(Key._fields)}) DO UPDATE "
            f"SET {', '.join(f'{name} = r.{name} + excluded.{name}' for name in _ADDED)}, "
            "messages = excluded.messages"
        )
