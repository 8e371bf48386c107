"""The body of POST and PUT /recipient-lists, decoded and checked, except for its recipients (contract 30 §1)."""

from dataclasses import dataclass
from typing import Any

import msgspec

from momentum.api.bodies import json_typed
from transmissions.reading import MAX_DEPTH, Faults, Fields, read_num_rcpt_errors, too_deep

MAX_ID_BYTES = 64
MAX_NAME_BYTES = 64
MAX_DESCRIPTION_BYTES = 1024
_RESERVED_PREFIX = "rcptlist_"


@dataclass(frozen=True, slots=True)
class ListRequest:
    """What a caller wants a list to be; None is "not given".

    `attributes` is JSON text, `recipients` the JSON of an array, `num_rcpt_errors` that of the body. `faults` are
    those found so far: whoever looks for the list first raises them afterwards.
    """

    faults: Faults
    key: str | None
    name: str | None
    description: str | None
    attributes: str | None
    recipients: msgspec.Raw | None
    recipients_given: bool
    num_rcpt_errors: int | None


class _Body(msgspec.Struct):
    """Only what may be large is kept undecoded."""

    id: Any = None
    name: Any = None
    description: Any = None
    attributes: Any = None
    recipients: msgspec.Raw = msgspec.Raw(b"null")
    num_rcpt_errors: Any = None


def read_list(body: bytes, *, ignore_num_rcpt_errors: bool = False) -> ListRequest:
    """Everything that a body says. Raises ApiError when it is not a JSON object.

    With `ignore_num_rcpt_errors` (the query has one, which wins) the body's may be anything.
    """
    decoded: _Body = json_typed(body if body.strip() not in (b"", b"[]") else b"{}", _Body)
    faults = Faults()
    fields = Fields({name: getattr(decoded, name) for name in ("name", "description", "attributes")}, faults)
    return ListRequest(
        faults=faults,
        key=_key(decoded.id, faults),
        name=fields.text("name", MAX_NAME_BYTES, clean=True),
        description=_description(fields),
        attributes=_attributes(fields, faults),
        recipients=_array(decoded.recipients, faults),
        recipients_given=decoded.recipients != msgspec.Raw(b"null"),
        num_rcpt_errors=None if ignore_num_rcpt_errors else read_num_rcpt_errors(decoded.num_rcpt_errors, faults),
    )


def check_new_key(key: str, faults: Faults) -> None:
    """Note what forbids `key` as the id of a new list; "" is fine: one will be made."""
    if key.startswith(_RESERVED_PREFIX):
        faults.add("1300", f"List id '{key}' cannot start with '{_RESERVED_PREFIX}'")
    elif not key.isprintable() or key != key.strip("/ "):
        # An address ends with an optional slash: such an id could not be asked for.
        faults.add("1300", f"List id '{key}' contains a control character, or a blank or slash at its ends")


def check_head(key: str, name: str, description: str) -> list[str]:
    """What forbids these fields of a new list, in words; for those who have no JSON body to read."""
    faults = Faults()
    fields = Fields({"id": key, "name": name, "description": description}, faults)
    check_new_key(fields.text("id", MAX_ID_BYTES, clean=True) or "", faults)
    fields.text("name", MAX_NAME_BYTES, clean=True)
    fields.text("description", MAX_DESCRIPTION_BYTES, clean=True)
    return [fault.description for fault in faults.found]


def _key(given: Any, faults: Faults) -> str | None:
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)  # contract 00 §12.12
    return Fields({"id": given}, faults).text("id", MAX_ID_BYTES, clean=True) or None


def _description(fields: Fields) -> str | None:
    description = fields.text("description", MAX_DESCRIPTION_BYTES)
    return description if description is None else description.replace("\0", "")


def _attributes(fields: Fields, faults: Faults) -> str | None:
    if not fields.has("attributes"):
        return None
    attributes = fields.object("attributes")
    if too_deep(attributes):
        faults.add("1300", f"attributes is nested more than {MAX_DEPTH} levels deep")
        return None
    return msgspec.json.encode(attributes).decode()


def _array(recipients: msgspec.Raw, faults: Faults) -> msgspec.Raw | None:
    first = bytes(memoryview(recipients)[:1])
    if first not in (b"[", b"n"):
        faults.add("1300", "'recipients' must be an array")
    return recipients if first == b"[" else None
