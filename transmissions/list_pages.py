"""A list's recipients page by page, all of them or those whose address holds some text."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, islice

import msgspec

from transmissions.chunks import unpack, unpack_if_held
from transmissions.models import RecipientList
from transmissions.values import Recipient

PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Page:
    """`rows` are recipients with their 1-based place in the list; `number` counts pages from 1."""

    rows: list[tuple[int, Recipient]]
    number: int
    has_next: bool


def page(stored: RecipientList, number: int) -> Page:
    """A page of all recipients; only the chunks that hold it are read."""
    first = (number - 1) * PAGE_SIZE
    rows = list(islice(_from(stored, first), PAGE_SIZE + 1))
    return Page(rows[:PAGE_SIZE], number, len(rows) > PAGE_SIZE)


def found(stored: RecipientList, text: str, number: int) -> Page:
    """A page of those whose address holds `text` in any case; the list is read only as far as the page needs."""
    first = (number - 1) * PAGE_SIZE
    rows = list(islice(_matching(stored, text.lower()), first, first + PAGE_SIZE + 1))
    return Page(rows[:PAGE_SIZE], number, len(rows) > PAGE_SIZE)


def _from(stored: RecipientList, first: int) -> Iterator[tuple[int, Recipient]]:
    chunks = stored.chunks.order_by("position")
    sizes = list(chunks.values_list("position", "size"))
    ends = accumulate(size for _, size in sizes)
    position, start = next(
        ((position, end - size) for (position, size), end in zip(sizes, ends, strict=True) if end > first),
        (0, first),
    )
    for recipients in chunks.filter(position__gte=position).values_list("recipients", flat=True).iterator(1):
        for place, recipient in enumerate(unpack(recipients), start + 1):
            if place > first:
                yield place, recipient
        start = place


def _matching(stored: RecipientList, text: str) -> Iterator[tuple[int, Recipient]]:
    # As the address stands in the chunk's JSON; what is lower-cased there is ASCII only.
    words = msgspec.json.encode(text)[1:-1] if text.isascii() else b""
    chunks = stored.chunks.order_by("position").values_list("size", "recipients")
    start = 0
    for size, recipients in chunks.iterator(5):
        for place, recipient in enumerate(unpack_if_held(recipients, words), start + 1):
            if text in recipient.email.lower():
                yield place, recipient
        start += size
