"""Writing the suppression list: many entries at once, each identified by address, type and List-Id."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

from django.db import connection, transaction

from momentum.lib import clock
from transmissions.addresses import domain_of
from transmissions.models import Suppression

Type, Source = Suppression.Type, Suppression.Source

# Any number that nothing else in the database locks. Writers take turns: a second bulk waits for the first
# instead of meeting it in another order of rows.
_LOCK = 0x5355505052455353
_AT_ONCE = 10_000


class Key(NamedTuple):
    """What there is one entry of: a lower-case address, a Suppression.Type, a lower-case List-Id or ""."""

    recipient: str
    type: str
    list_id: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What an entry shall say; `description` None keeps the one that is stored."""

    source: str
    description: str | None = None


class ComplianceError(Exception):
    """An entry of source Compliance stands in the way; `recipient` names the first one."""

    def __init__(self, recipient: str) -> None:
        super().__init__(recipient)
        self.recipient = recipient


_ADD = f"""
INSERT INTO transmissions_suppression AS stored
    (recipient, domain, type, list_id, source, description, created_at, updated_at)
SELECT new.recipient, new.domain, new.type, new.list_id, new.source,
       coalesce(new.description, old.description, ''), %(now)s, %(now)s
FROM unnest(%(recipients)s::text[], %(domains)s::text[], %(types)s::text[], %(list_ids)s::text[],
            %(sources)s::text[], %(descriptions)s::text[])
     AS new (recipient, domain, type, list_id, source, description)
LEFT JOIN transmissions_suppression old USING (recipient, type, list_id)
ON CONFLICT (recipient, type, list_id) DO UPDATE
SET source = excluded.source, description = excluded.description, updated_at = excluded.updated_at
WHERE stored.source <> '{Source.COMPLIANCE}'
"""  # noqa: S608 (our own constant)
_KEYS = "unnest(%(recipients)s::text[], %(types)s::text[], %(list_ids)s::text[]) AS k (recipient, type, list_id)"
_REMOVE = f"""
DELETE FROM transmissions_suppression s USING {_KEYS}
WHERE s.recipient = k.recipient AND s.type = k.type AND s.list_id = k.list_id
"""  # noqa: S608 (our own text)
_PROTECTED = f"""
SELECT s.recipient, s.type, s.list_id
FROM transmissions_suppression s JOIN {_KEYS} USING (recipient, type, list_id)
WHERE s.source = '{Source.COMPLIANCE}' ORDER BY 1
"""  # noqa: S608 (our own text)


def change(entries: Mapping[Key, Entry], removed: Iterable[Key] = ()) -> None:
    """Add or refresh `entries` and remove others, all or nothing. Raises ComplianceError."""
    removed = list(removed)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute(_PROTECTED, _columns([*entries, *removed]))
        if protected := cursor.fetchone():
            raise ComplianceError(protected[0])
        _add(entries)
        if removed:
            cursor.execute(_REMOVE, _columns(removed))


def note(entries: Mapping[Key, Entry]) -> list[Key]:
    """Add or refresh `entries`; those of source Compliance stay as they are, and are returned."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        for batch in _batches(entries):
            _add(batch)
        cursor.execute(_PROTECTED, _columns(entries))
        return [Key(*row) for row in cursor.fetchall()]


def _batches(entries: Mapping[Key, Entry]) -> Iterator[dict[Key, Entry]]:
    rows = iter(entries.items())
    while batch := dict(islice(rows, _AT_ONCE)):
        yield batch


def _add(entries: Mapping[Key, Entry]) -> None:
    if not entries:
        return
    parameters: dict[str, Any] = {
        **_columns(entries),
        "domains": [domain_of(key.recipient) for key in entries],
        "sources": [entry.source for entry in entries.values()],
        "descriptions": [entry.description for entry in entries.values()],
        "now": clock.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_ADD, parameters)


def _columns(keys: Iterable[Key]) -> dict[str, list[str]]:
    recipients, types, list_ids = zip(*keys, strict=True) if (keys := list(keys)) else ((), (), ())
    return {"recipients": list(recipients), "types": list(map(str, types)), "list_ids": list(list_ids)}
