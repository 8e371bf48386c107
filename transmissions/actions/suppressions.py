"""The suppression list through the API: change, show, remove, search, count (contract 95 §1)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Count, QuerySet

from momentum.lib.errors import ApiError, Fault
from transmissions.models import Suppression
from transmissions.suppression import store
from transmissions.suppression.request import Changes, address_of, read_bulk, read_single
from transmissions.suppression.search import Place, Search
from transmissions.suppression.store import Entry, Key, Source
from transmissions.suppression.tables import Defaults, Refused, read

UPDATED = "Suppression List successfully updated"


@dataclass(frozen=True, slots=True)
class Page:
    """Part of what a search found; `rest` is where the next page begins, None on the last one."""

    entries: list[dict[str, Any]]
    total: int
    rest: Place | None


def put(recipient: str, body: bytes) -> str:
    """Add or change the entries of one recipient. Raises ApiError, then nothing changes."""
    return _change(read_single(recipient, body))


def put_all(body: bytes) -> str:
    """Add or change many entries at once. Raises ApiError, then nothing changes."""
    return _change(read_bulk(body))


def shown(recipient: str) -> list[dict[str, Any]]:
    """The entries of one recipient. Raises ApiError `1600`."""
    entries = Suppression.objects.filter(recipient=address_of(recipient)).order_by("type", "list_id")
    found = [as_json(entry) for entry in entries]
    if not found:
        raise _unknown()
    return found


def remove(recipient: str, kind: str | None, list_id: str | None) -> None:
    """Remove the entries of one recipient: of one type or (None) both, of one list, of none (""), or (None) all.

    Raises ApiError: `1600` when there are none, 403 when one of them is of source Compliance.
    """
    entries = Suppression.objects.filter(recipient=address_of(recipient))
    if kind is not None:
        entries = entries.filter(type=kind)
    if list_id is not None:
        entries = entries.filter(list_id=list_id.lower())
    with transaction.atomic():
        sources = list(entries.select_for_update().values_list("source", flat=True))
        if Source.COMPLIANCE in sources:
            raise ApiError(403, Fault("1100", "Recipient could not be removed - Compliance"))
        if not sources:
            raise _unknown()
        entries.delete()


def found(search: Search, per_page: int, *, after: Place | None = None, offset: int = 0) -> Page:
    """One page of what matches, after a place or an offset."""
    entries = search.entries() if after is None else search.after(after)
    rows = list(entries[offset : offset + per_page + 1])
    rest = Place.of(rows[per_page - 1]) if len(rows) > per_page else None
    return Page([as_json(row) for row in rows[:per_page]], search.entries().count(), rest)


def summary() -> dict[str, int]:
    """How many entries there are of each source, and of all."""
    counts = dict(Suppression.objects.order_by().values_list("source").annotate(Count("id")))
    named = {source.name.lower(): counts.get(source, 0) for source in Source}
    return named | {"total": sum(counts.values())}


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of lines: entries written, addresses of Compliance entries left alone, lines refused."""

    written: int
    protected: list[str]
    refused: list[Refused]


def import_lines(text: str, defaults: Defaults) -> Imported:
    """Add what the lines of `text` name; a line that is none is refused, the others are written."""
    entries: dict[Key, Entry] = {}
    refused: list[Refused] = []
    for line in read(text, defaults):
        if isinstance(line, Refused):
            refused.append(line)
        else:
            entries |= dict.fromkeys(line.keys, line.entry)
    protected = store.note(entries)
    return Imported(len(entries) - len(protected), sorted({key.recipient for key in protected}), refused)


def remove_by_id(ids: Collection[int]) -> tuple[int, int]:
    """Remove entries, but none of source Compliance; how many went and how many stayed."""
    chosen = Suppression.objects.filter(pk__in=ids)
    gone, _ = chosen.exclude(source=Source.COMPLIANCE).delete()
    return gone, chosen.count()


def all_entries(filtered: QuerySet[Suppression], batch: int = 5000) -> Iterator[Suppression]:
    """Everything in `filtered`, in the order of making, a batch at a time: no transaction lasts all the while."""
    entries, last = filtered.order_by("pk"), 0
    while rows := list(entries.filter(pk__gt=last)[:batch]):
        yield from rows
        last = rows[-1].pk


def as_json(entry: Suppression) -> dict[str, Any]:
    """An entry in the contract's form; the deprecated boolean of its type is true, the other one left out."""
    shown: dict[str, Any] = {
        "recipient": entry.recipient,
        "type": entry.type,
        "source": entry.source,
        "created": _time(entry.created_at),
        "updated": _time(entry.updated_at),
        entry.type: True,
    }
    if entry.description:
        shown["description"] = entry.description
    if entry.list_id:
        shown["list_id"] = entry.list_id
    return shown


def _change(changes: Changes) -> str:
    try:
        store.change(changes.entries, changes.removed)
    except store.ComplianceError as problem:
        detail = f"the entry of {problem.recipient} has the source Compliance"
        raise ApiError(403, Fault("1100", "Recipient could not be changed - Compliance", detail)) from problem
    return UPDATED


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}+00:00"


def _unknown() -> ApiError:
    return ApiError(404, Fault("1600", "Recipient could not be found"))
