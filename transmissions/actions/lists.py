"""Stored recipient lists: create, change, show, delete, always as a whole (contract 30)."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from django.db import IntegrityError, transaction

from momentum.lib import clock
from momentum.lib.errors import fault
from momentum.lib.ids import new_transmission_id
from transmissions import list_store
from transmissions.chunks import packed
from transmissions.intake import Intake
from transmissions.list_request import check_new_key, read_list
from transmissions.models import RecipientList
from transmissions.recipients import Refused, read_recipient, read_recipients
from transmissions.values import Recipient, TrackingFlags


def create(body: bytes, num_rcpt_errors: int | None) -> dict[str, Any]:
    """Store a list; the answer's body. Raises ApiError, then nothing is stored."""
    wanted = read_list(body, ignore_num_rcpt_errors=num_rcpt_errors is not None)
    check_new_key(wanted.key or "", wanted.faults)
    if not wanted.recipients_given:
        wanted.faults.add("1400", "recipients is a required field")
    wanted.faults.raise_if_any()
    assert wanted.recipients is not None
    key = wanted.key or str(new_transmission_id())
    if RecipientList.objects.filter(key=key).exists():
        raise list_store.already_exists(key)
    kept_errors = _first_given(num_rcpt_errors, wanted.num_rcpt_errors)
    intake, chunks = _take_in(read_recipients(wanted.recipients), kept_errors)
    stored = _store(
        chunks,
        key=key,
        name=wanted.name or key,
        description=wanted.description or "",
        attributes=wanted.attributes or "{}",
        size=intake.accepted,
    )
    return _answer(intake, {"id": key, "name": stored.name})


def create_from(recipients: Iterable[dict[str, Any]], name: str, description: str = "") -> RecipientList:
    """Store a list of recipients that are at hand in the form of contract 10 §4.1; those not valid are left out.

    `name` and `description` have to be as check_head lets them through. Raises ApiError `5002` when nobody is left.
    """
    intake, chunks = _take_in(map(read_recipient, recipients), 0)
    key = str(new_transmission_id())
    return _store(chunks, key=key, name=name or key, description=description, size=intake.accepted)


def _store(chunks: list[tuple[int, bytes]], *, key: str, **fields: Any) -> RecipientList:
    try:
        with transaction.atomic():
            stored = RecipientList.objects.create(key=key, updated_at=clock.now(), **fields)
            list_store.fill(stored, chunks)
    except IntegrityError as problem:
        raise list_store.already_exists(key) from problem
    return stored


def update(key: str, body: bytes, num_rcpt_errors: int | None) -> dict[str, Any]:
    """Change what the body names; the answer's body. Raises ApiError, then nothing changes."""
    wanted = read_list(body, ignore_num_rcpt_errors=num_rcpt_errors is not None)
    if wanted.key not in (None, key):
        wanted.faults.add("1300", f"List id '{wanted.key}' does not match the list being updated")
    with transaction.atomic():
        stored = list_store.hold(key)
        wanted.faults.raise_if_any()
        list_store.refuse_change_near_start(key)
        stored.name = wanted.name or stored.name
        stored.description = stored.description if wanted.description is None else wanted.description
        stored.attributes = stored.attributes if wanted.attributes is None else wanted.attributes
        intake = None
        if wanted.recipients is not None:
            kept_errors = _first_given(num_rcpt_errors, wanted.num_rcpt_errors)
            intake, chunks = _take_in(read_recipients(wanted.recipients), kept_errors)
            list_store.fill(stored, chunks)
            stored.size = intake.accepted
        stored.updated_at = clock.now()
        stored.save()
    results = {"id": key, "name": stored.name}
    return {"results": results} if intake is None else _answer(intake, results)


def delete(key: str) -> None:
    """Remove a list. Raises ApiError `1600`, or `1602` while a transmission waits for it or works on it."""
    with transaction.atomic():
        stored = list_store.hold(key)
        list_store.refuse_removal_while_awaited(key)
        stored.delete()


def listed() -> list[dict[str, Any]]:
    """All lists by id, without recipients."""
    return [_head(stored) for stored in RecipientList.objects.order_by("key")]


def shown(key: str) -> dict[str, Any]:
    """One list without its recipients. Raises ApiError `1600`."""
    return _head(list_store.find(key))


def shown_with_recipients(key: str) -> Iterator[bytes]:
    """The pieces of the answer's JSON: however long the list, little of it is in memory. Raises ApiError `1600`."""
    return _pieces(list_store.find(key))


def as_sent(recipient: Recipient) -> dict[str, Any]:
    """A stored recipient in the form in which callers send it (contract 10 §4.1); nothing is invented."""
    address = {"email": recipient.email}
    if recipient.name:
        address["name"] = recipient.name
    if recipient.header_to is not None:
        address["header_to"] = recipient.header_to
    shown: dict[str, Any] = {"address": address}
    for name in ("return_path", "tags", "metadata", "substitution_data"):
        if value := getattr(recipient, name):
            shown[name] = value
    if recipient.tracking_declined:
        shown["consent"] = {"tracking": False}
    return shown


def _pieces(stored: RecipientList) -> Iterator[bytes]:
    yield b'{"results":' + msgspec.json.encode(_head(stored))[:-1] + b',"recipients":['
    between = b""
    for chunk in list_store.chunks_of(stored):
        yield between + b",".join(msgspec.json.encode(as_sent(recipient)) for recipient in chunk)
        between = b","
    yield b"]}}"


def _take_in(
    recipients: Iterator[Recipient | Refused], keep_errors: int | None
) -> tuple[Intake, list[tuple[int, bytes]]]:
    intake = Intake(_without_options(recipients), keep_errors)
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


def _first_given(*values: int | None) -> int | None:
    return next((value for value in values if value is not None), None)


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
        "attributes": msgspec.Raw(stored.attributes.encode()),
        "total_accepted_recipients": stored.size,
    }
