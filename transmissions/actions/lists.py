"""Stored recipient lists: create, change, show, delete, always as a whole (contract 30)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
from django.db import IntegrityError, connection, transaction

from momentum.api.bodies import json_typed
from momentum.lib import clock
from momentum.lib.errors import ApiError, fault, refuse
from momentum.lib.ids import new_transmission_id
from transmissions.chunks import packed, unpack
from transmissions.intake import Intake
from transmissions.models import ListChunk, RecipientList, Transmission
from transmissions.reading import Faults, Fields
from transmissions.recipients import Refused, read_recipients
from transmissions.values import Recipient, TrackingFlags

MAX_ID_BYTES = 64
MAX_NAME_BYTES = 64
MAX_DESCRIPTION_BYTES = 1024
# From this long before a transmission starts its list cannot be changed any more.
LOCKED_BEFORE_START = timedelta(minutes=10)
_RESERVED_PREFIX = "rcptlist_"
_LOCK_SPACE = 0x4C495354


class _Body(msgspec.Struct):
    id: Any = None
    name: Any = None
    description: Any = None
    attributes: Any = None
    recipients: msgspec.Raw = msgspec.Raw(b"null")
    num_rcpt_errors: Any = None


def create(body: bytes, num_rcpt_errors: int | None) -> dict[str, Any]:
    """Store a list; the answer's body. Raises ApiError, then nothing is stored."""
    faults = Faults()
    fields, recipients = _read(body, faults)
    key = _read_key(fields, faults)
    name, description, attributes = _read_head(fields, faults)
    if recipients is None:
        faults.add("1400", "recipients is a required field")
    faults.raise_if_any()
    assert recipients is not None
    if key and RecipientList.objects.filter(key=key).exists():
        raise _exists(key)
    key = key or str(new_transmission_id())
    intake, chunks = _take_in(recipients, fields, num_rcpt_errors)
    try:
        with transaction.atomic():
            stored = RecipientList.objects.create(
                key=key,
                name=name or key,
                description=description or "",
                attributes=attributes or "{}",
                size=intake.accepted,
                updated_at=clock.now(),
            )
            _store_chunks(stored, chunks)
    except IntegrityError as problem:
        raise _exists(key) from problem
    return _answer(intake, {"id": key, "name": stored.name})


def update(key: str, body: bytes, num_rcpt_errors: int | None) -> dict[str, Any]:
    """Change what the body names; the answer's body. Raises ApiError, then nothing changes."""
    faults = Faults()
    fields, recipients = _read(body, faults)
    if fields.raw("id") not in (None, "", key):
        faults.add("1300", f"List id '{str(fields.raw('id'))[:80]}' does not match the list being updated")
    name, description, attributes = _read_head(fields, faults)
    with transaction.atomic():
        stored = _locked(key)
        faults.raise_if_any()
        if _starts_soon(key):
            raise refuse("1602", f"List '{key}' is in use by msg generation")
        stored.name = name or stored.name
        stored.description = stored.description if description is None else description
        stored.attributes = stored.attributes if attributes is None else attributes
        intake = None
        if recipients is not None:
            intake, chunks = _take_in(recipients, fields, num_rcpt_errors)
            stored.chunks.all().delete()
            _store_chunks(stored, chunks)
            stored.size = intake.accepted
        stored.updated_at = clock.now()
        stored.save()
    results = {"id": key, "name": stored.name}
    return {"results": results} if intake is None else _answer(intake, results)


def delete(key: str) -> None:
    """Remove a list. Raises ApiError `1600`, or `1602` while a transmission waits for it or works on it."""
    with transaction.atomic():
        stored = _locked(key)
        waiting = (Transmission.State.SUBMITTED, Transmission.State.GENERATING)
        if Transmission.objects.filter(list_id=key, state__in=waiting).exists():
            raise refuse("1602", f"List '{key}' is in use by msg generation")
        stored.delete()


def listed() -> list[dict[str, Any]]:
    """All lists by id, without recipients."""
    return [_head(stored) for stored in RecipientList.objects.order_by("key")]


def shown(key: str, *, with_recipients: bool) -> dict[str, Any]:
    """One list, with its recipients if asked. Raises ApiError `1600`."""
    stored = RecipientList.objects.filter(key=key).first()
    if stored is None:
        raise _unknown(key)
    head = _head(stored)
    if with_recipients:
        head["recipients"] = [_recipient(one) for one in recipients_of(stored)]
    return head


def recipients_of(stored: RecipientList) -> Iterator[Recipient]:
    """The recipients in their order, a chunk at a time."""
    for chunk in stored.chunks.order_by("position").iterator(chunk_size=5):
        yield from unpack(chunk.recipients)


def _read(body: bytes, faults: Faults) -> tuple[Fields, msgspec.Raw | None]:
    decoded: _Body = json_typed(body if body.strip() not in (b"", b"[]") else b"{}", _Body)
    values = {name: getattr(decoded, name) for name in decoded.__struct_fields__}
    recipients = values.pop("recipients")
    first = bytes(recipients).lstrip()[:1]
    if first not in (b"[", b"n"):
        faults.add("1300", "'recipients' must be an array")
    return Fields(values, faults), recipients if first == b"[" else None


def _read_key(fields: Fields, faults: Faults) -> str:
    key = fields.text("id", MAX_ID_BYTES, clean=True) or ""
    if key.startswith(_RESERVED_PREFIX):
        faults.add("1300", f"List id '{key}' cannot start with '{_RESERVED_PREFIX}'")
    elif key and ("/" in key or not key.isprintable()):
        faults.add("1300", "id contains a character that is not allowed")
    return key


def _read_head(fields: Fields, faults: Faults) -> tuple[str | None, str | None, str | None]:
    attributes = fields.object("attributes") if fields.has("attributes") else None
    return (
        fields.text("name", MAX_NAME_BYTES, clean=True),
        fields.text("description", MAX_DESCRIPTION_BYTES, clean=True),
        None if attributes is None else msgspec.json.encode(attributes).decode(),
    )


def _take_in(
    recipients: msgspec.Raw, fields: Fields, num_rcpt_errors: int | None
) -> tuple[Intake, list[tuple[int, bytes]]]:
    keep = fields.integer("num_rcpt_errors") if num_rcpt_errors is None else num_rcpt_errors
    intake = Intake(_without_options(read_recipients(recipients)), keep)
    chunks = list(packed(intake))
    if not intake.accepted:
        raise intake.nobody()
    return intake, chunks


def _without_options(recipients: Iterator[Recipient | Refused]) -> Iterator[Recipient | Refused]:
    """Options of a stored recipient have no effect (contract 10 §2.1)."""
    for recipient in recipients:
        if isinstance(recipient, Recipient) and recipient.options != TrackingFlags():
            yield msgspec.structs.replace(recipient, options=TrackingFlags())
        else:
            yield recipient


def _store_chunks(stored: RecipientList, chunks: list[tuple[int, bytes]]) -> None:
    ListChunk.objects.bulk_create(
        (
            ListChunk(recipient_list=stored, position=position, size=size, recipients=recipients)
            for position, (size, recipients) in enumerate(chunks)
        ),
        batch_size=100,
    )


def _locked(key: str) -> RecipientList:
    """The list, held until the transaction ends; a second writer is told so at once instead of waiting."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [_LOCK_SPACE, key])
        if not cursor.fetchone()[0]:
            raise refuse("1602", f"List '{key}' is in use by another request")
    stored = RecipientList.objects.filter(key=key).first()
    if stored is None:
        raise _unknown(key)
    return stored


def _starts_soon(key: str) -> bool:
    using = Transmission.objects.filter(list_id=key)
    return (
        using.filter(state=Transmission.State.GENERATING).exists()
        or using.filter(
            state=Transmission.State.SUBMITTED, start_at__lte=clock.now() + LOCKED_BEFORE_START
        ).exists()
    )


def _answer(intake: Intake, results: dict[str, Any]) -> dict[str, Any]:
    results = {
        "total_rejected_recipients": intake.rejected,
        "total_accepted_recipients": intake.accepted,
        **results,
    }
    if not intake.rejected:
        return {"results": results}
    results["rcpt_to_errors"] = intake.errors_as_json()
    return {"errors": [fault("5000").as_json()], "results": results}


def _head(stored: RecipientList) -> dict[str, Any]:
    return {
        "id": stored.key,
        "name": stored.name,
        "description": stored.description,
        "attributes": msgspec.json.decode(stored.attributes),
        "total_accepted_recipients": stored.size,
    }


def _recipient(recipient: Recipient) -> dict[str, Any]:
    address = {"email": recipient.email}
    if recipient.name:
        address["name"] = recipient.name
    if recipient.header_to is not None:
        address["header_to"] = recipient.header_to
    shown: dict[str, Any] = {"address": address}
    for name in ("return_path", "tags", "metadata", "substitution_data"):
        if value := getattr(recipient, name):
            shown[name] = value
    return shown


def _exists(key: str) -> ApiError:
    return refuse("5001", f"List '{key}' already exists")


def _unknown(key: str) -> ApiError:
    return refuse("1600", f"List '{key}' does not exist")
