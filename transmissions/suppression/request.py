"""Entries as callers write them: in the new form, the older one, or both mixed (contract 95 §1, "Writing")."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from momentum.api.bodies import json_object, json_typed, json_value
from momentum.lib.errors import Fault
from transmissions.addresses import parse_address
from transmissions.reading import Faults, Fields
from transmissions.suppression import list_ids
from transmissions.suppression.store import Entry, Key, Source, Type

MOST_ENTRIES = 10_000
MAX_DESCRIPTION_BYTES = 1024
# Of the addresses that a fault lists.
_MOST_NAMED = 10

NO_TYPE = Fault("1300", "Must supply a suppression type")
BAD_TYPE = Fault("1300", "Type must be one of: 'transactional', 'non_transactional'")
_TYPES = frozenset(Type.values)
# Strings as a whole, and what gives JSON its structure.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{},]', re.DOTALL)


@dataclass(slots=True)
class Changes:
    """What a request asks for: entries to be there, and keys whose entries go. Of equal keys the last counts."""

    entries: dict[Key, Entry] = field(default_factory=dict)
    removed: dict[Key, None] = field(default_factory=dict)

    def want(self, key: Key, description: str | None) -> None:
        self.removed.pop(key, None)
        self.entries[key] = Entry(Source.MANUALLY_ADDED, description)

    def drop(self, key: Key) -> None:
        self.entries.pop(key, None)
        self.removed[key] = None


class _Body(msgspec.Struct):
    recipients: msgspec.Raw = msgspec.Raw(b"null")


_split = msgspec.json.Decoder(list[msgspec.Raw])
_decode = msgspec.json.Decoder(dict[str, Any])


def address_of(text: object) -> str:
    """The lower-case address in `text`, its domain as A-label; "" when it is none."""
    return (parse_address(text.strip()) or "").lower() if isinstance(text, str) else ""


def read_single(recipient: str, body: bytes) -> Changes:
    """The body of PUT /suppression-list/{recipient}; an address in it is ignored. Raises ApiError."""
    faults, changes = Faults(), Changes()
    address = address_of(recipient)
    if not address:
        faults.note(_malformed([recipient]), status=400)
    _read_entry(address, Fields(json_object(body), faults), faults, changes)
    faults.raise_if_any()
    return changes


def read_bulk(body: bytes) -> Changes:
    """The body of PUT /suppression-list, entry by entry. Raises ApiError with everything that is wrong."""
    faults, changes, malformed = Faults(), Changes(), list[object]()
    for element in _elements(body, faults):
        entry = _entry(element)
        given = entry.get("email") if entry.get("recipient") in (None, "") else entry.get("recipient")
        address = address_of(given)
        if address:
            _read_entry(address, Fields(entry, faults, "recipients"), faults, changes)
        else:
            malformed.append(given)
    if malformed:
        faults.note(_malformed(malformed), status=400)
    faults.raise_if_any()
    return changes


def _elements(body: bytes, faults: Faults) -> list[msgspec.Raw]:
    decoded: _Body = json_typed(body if body.strip() not in (b"", b"[]") else b"{}", _Body)
    recipients = decoded.recipients
    first = bytes(memoryview(recipients)[:1])
    if first == b"n":
        faults.add("1400", "recipients is a required field")
    elif first != b"[":
        faults.add("1300", "'recipients' must be an array")
    faults.raise_if_any()
    if _holds_too_many(recipients):
        faults.add("1300", f"at most {MOST_ENTRIES} recipients are accepted")
        faults.raise_if_any()
    elements = _split.decode(recipients)
    if not elements:
        faults.add("5002", "recipients is empty")
    faults.raise_if_any()
    return elements


def _holds_too_many(array: msgspec.Raw) -> bool:
    """Whether a valid JSON array has more than MOST_ENTRIES elements, told without making any of them.

    50 MB hold 25 million numbers, each of which would take as much memory as an entry.
    """
    text = bytes(array)
    if text.count(b",") < MOST_ENTRIES:
        return False
    depth, commas = 0, 0
    for token in _TOKEN.finditer(text):
        match token[0]:
            case b"[" | b"{":
                depth += 1
            case b"]" | b"}":
                depth -= 1
            case b"," if depth == 1:
                commas += 1
                if commas >= MOST_ENTRIES:
                    return True
    return False


def _entry(element: msgspec.Raw) -> Mapping[str, Any]:
    """One element as an object; {} for anything else, which then lacks its address."""
    try:
        return _decode.decode(element)
    except (msgspec.DecodeError, RecursionError):
        value = json_value(bytes(element))
        return value if isinstance(value, dict) else {}


def _read_entry(address: str, fields: Fields, faults: Faults, changes: Changes) -> None:
    description = fields.text("description", MAX_DESCRIPTION_BYTES)
    list_id = read_list_id(fields, faults)
    for kind, wanted in _read_types(fields, faults).items():
        key = Key(address, kind, list_id)
        if wanted:
            changes.want(key, None if description is None else description.replace("\0", ""))
        else:
            changes.drop(key)


def _read_types(fields: Fields, faults: Faults) -> dict[str, bool]:
    """The types that are named, with whether an entry shall be there; booleans count where there is no `type`."""
    if fields.raw("type") not in (None, ""):
        kind = read_type(fields.raw("type"), faults)
        return {kind: True} if kind else {}
    named = {kind: fields.boolean(kind) for kind in Type.values if fields.has(kind)}
    if not named:
        faults.note(NO_TYPE, status=400)
    return {kind: wanted for kind, wanted in named.items() if wanted is not None}


def read_type(value: object, faults: Faults) -> str | None:
    """A suppression type; None, with a fault noted, when it is none."""
    if isinstance(value, str) and value in _TYPES:
        return value
    faults.note(BAD_TYPE, status=400)
    return None


def read_list_id(fields: Fields, faults: Faults) -> str:
    """The lower-case label; "" for all mail of the type."""
    label = fields.text("list_id") or ""
    if label and not list_ids.is_label(label):
        faults.note(
            Fault(
                "1300",
                "list_id must be an RFC 2919 label",
                "1 to 255 letters, digits, '-', '_' and '.', no dot at either end and no two in a row",
            ),
            status=400,
        )
    return label.lower()


def _malformed(given: list[Any]) -> Fault:
    named = ", ".join("(none)" if one in (None, "") else str(one)[:100] for one in given[:_MOST_NAMED])
    more = ", …" if len(given) > _MOST_NAMED else ""
    return Fault("1300", f"PUT body contains {len(given)} invalid or malformed recipient(s): {named}{more}")
