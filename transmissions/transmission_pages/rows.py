"""Messages of one transmission as rows: by state in pages, or found by address."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec
from django.db import transaction

from transmissions.chunks import unpack, unpack_if_held
from transmissions.models import Chunk, Message, Transmission

PAGE_SIZE = 50
# Stands where the address of an erased person was (transmissions.erasure).
ERASED = "(erased)"
LONGEST_SEARCH = 254


@dataclass(frozen=True, slots=True)
class Row:
    """One recipient; without a message yet `state` is "waiting"."""

    number: int
    address: str
    state: str
    attempts: int = 0
    last_reply: str = ""
    next_attempt_at: datetime | None = None
    settled_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Rows in the order of their numbers; `before` and `after` are the numbers where the neighbours go on."""

    rows: list[Row]
    before: int | None = None
    after: int | None = None
    is_cut: bool = False


def of_state(transmission: Transmission, state: str, *, before: int | None, after: int | None) -> Page:
    """A page of the messages in one state: those above `after`, or those just below `before`, or the first ones."""
    found = Message.objects.filter(transmission=transmission, state=state)
    if before is not None:
        numbers = found.filter(number__lt=before).order_by("-number")
        messages = list(reversed(numbers[: PAGE_SIZE + 1]))
        has_before, has_after = len(messages) > PAGE_SIZE, True
        messages = messages[-PAGE_SIZE:]
    else:
        messages = list(found.filter(number__gt=after or -1).order_by("number")[: PAGE_SIZE + 1])
        has_before, has_after = after is not None, len(messages) > PAGE_SIZE
        messages = messages[:PAGE_SIZE]
    rows = [_row(message, address) for message, address in zip(messages, _addresses(messages), strict=True)]
    if not rows:
        return Page([])
    return Page(rows, rows[0].number if has_before else None, rows[-1].number if has_after else None)


def of_chunk(chunk_id: int, state: str) -> list[Row]:
    """The messages of one chunk in one state."""
    messages = list(Message.objects.filter(chunk_id=chunk_id, state=state).order_by("number"))
    return [_row(message, address) for message, address in zip(messages, _addresses(messages), strict=True)]


def search(transmission: Transmission, text: str) -> Page:
    """Recipients whose address holds `text` in any case, the first of them, with their messages.

    Chunks are looked at one by one; only those in which the text occurs are decoded.
    """
    wanted = text.lower()
    found: dict[int, str] = {}
    # In a transaction the cursor fetches as it goes; outside, the server would first write everything to a file.
    with transaction.atomic():
        for chunk in transmission.chunks.order_by("position").iterator(chunk_size=20):
            found.update(_matches(chunk, wanted))
            if len(found) > PAGE_SIZE:
                break
    numbers = sorted(found)[:PAGE_SIZE]
    messages = Message.objects.in_bulk(numbers)
    rows = [
        _row(messages[number], found[number])
        if number in messages
        else _unsettled(number, found[number], transmission)
        for number in numbers
    ]
    return Page(rows, is_cut=len(found) > PAGE_SIZE)


def _matches(chunk: Chunk, wanted: str) -> Mapping[int, str]:
    # As JSON spells it.
    recipients = unpack_if_held(chunk.recipients, msgspec.json.encode(wanted)[1:-1])
    numbered = enumerate(recipients, chunk.first_number)
    return {number: recipient.email for number, recipient in numbered if wanted in recipient.email.lower()}


def _addresses(messages: Iterable[Message]) -> list[str]:
    """The recipient of each message; a chunk is unpacked once, and let go of when the next one comes."""
    addresses: list[str] = []
    chunk: Chunk | None = None
    emails: list[str] = []
    for message in messages:
        if chunk is None or chunk.id != message.chunk_id:
            chunk = Chunk.objects.get(id=message.chunk_id)
            emails = [recipient.email or ERASED for recipient in unpack(chunk.recipients)]
        addresses.append(emails[message.number - chunk.first_number])
    return addresses


def _row(message: Message, address: str) -> Row:
    return Row(
        message.number,
        address,
        message.state,
        message.attempts,
        message.last_reply,
        message.next_attempt_at,
        None if message.state == Message.State.DEFERRED else message.settled_at,
    )


def _unsettled(number: int, address: str, transmission: Transmission) -> Row:
    is_canceled = transmission.state == Transmission.State.CANCELED
    return Row(number, address, "canceled" if is_canceled else "waiting")
