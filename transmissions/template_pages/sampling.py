"""Recipients of a stored list to try a template on."""

from collections.abc import Mapping
from typing import Any

from transmissions.chunks import unpack
from transmissions.language import Scope
from transmissions.models import ListChunk, RecipientList
from transmissions.preflight import Person
from transmissions.values import Recipient

SAMPLE = 50
_MOST_LISTS = 500
# Dynamic content is data of the transmission, never of a recipient (contract 40 §11).
_SHARED = ("dynamic_html", "dynamic_plain", "dynamic_amp_html")


def choices() -> list[tuple[str, str, int]]:
    """Id, name and size of the lists that can be chosen."""
    lists = RecipientList.objects.order_by("name", "key").values_list("key", "name", "size")
    return list(lists[:_MOST_LISTS])


def people(key: str, data: Mapping[str, Any]) -> list[Person] | None:
    """Up to SAMPLE recipients spread evenly over a list; None if there is no such list.

    Of the test data only dynamic content is theirs: all else they have to bring themselves.
    """
    if "\0" in key or not RecipientList.objects.filter(key=key).exists():
        return None
    shared = {name: data[name] for name in _SHARED if name in data}
    return [Person(recipient.email, _scope(recipient, shared)) for recipient in _sample(key)]


def _sample(key: str) -> list[Recipient]:
    chunks = list(ListChunk.objects.filter(recipient_list__key=key).order_by("position").values_list("id", "size"))
    size = sum(count for _, count in chunks)
    wanted = min(SAMPLE, size)
    positions = [number * size // wanted for number in range(wanted)]
    taken: list[Recipient] = []
    start = 0
    for chunk_id, count in chunks:
        inside = [position - start for position in positions if start <= position < start + count]
        if inside:
            recipients = unpack(ListChunk.objects.get(id=chunk_id).recipients)
            taken += [recipients[position] for position in inside]
        start += count
    return taken


def _scope(recipient: Recipient, shared: Mapping[str, Any]) -> Scope:
    return Scope(
        recipient_data=recipient.substitution_data,
        transmission_data=shared,
        recipient_metadata=recipient.metadata,
        email=recipient.email,
        name=recipient.name,
        return_path=recipient.return_path,
    )
