"""Searching the suppression list: by any of its fields, newest first, a page at a time (contract 95 §1)."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
from django.db.models import QuerySet

from transmissions.addresses import domain_to_ascii
from transmissions.models import Suppression

# Contract 95 §1: pages by number reach as far as this; cursors go on.
PAGES_END = 10_000
INITIAL = "initial"

_WORD = re.compile(r"\w+")
_MOST_WORDS = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Search:
    """What to look for. Times are on `updated_at`, both ends included; empty or None leaves a field alone."""

    start: datetime | None = None
    end: datetime | None = None
    domain: str = ""
    sources: Sequence[str] = ()
    types: Sequence[str] = ()
    description: str = ""
    description_strict: bool = False
    list_id: str = ""
    ascending: bool = False

    def entries(self) -> QuerySet[Suppression]:
        """All that match, in order."""
        found = Suppression.objects.all()
        if self.start is not None:
            found = found.filter(updated_at__gte=self.start)
        if self.end is not None:
            found = found.filter(updated_at__lte=self.end)
        if self.domain:
            found = found.filter(domain=(domain_to_ascii(self.domain) or self.domain).lower())
        if self.sources:
            found = found.filter(source__in=self.sources)
        if self.types:
            found = found.filter(type__in=self.types)
        if self.list_id:
            found = found.filter(list_id=self.list_id.lower())
        if self.description:
            found = found.filter(**self._of_description())
        return found.order_by(*(("updated_at", "id") if self.ascending else ("-updated_at", "-id")))

    def after(self, place: "Place") -> QuerySet[Suppression]:
        """Those behind the entry that `place` names."""
        comparison = ">" if self.ascending else "<"
        where = f"(transmissions_suppression.updated_at, transmissions_suppression.id) {comparison} (%s, %s)"
        return self.entries().extra(where=[where], params=[place.updated_at, place.id])  # noqa: S610 (our own text)

    def _of_description(self) -> dict[str, str]:
        """The whole text with `description_strict`, else any word of it."""
        words = _WORD.findall(self.description)[:_MOST_WORDS]
        if self.description_strict:
            return {"description": self.description}
        if not words:
            return {"description__icontains": self.description}
        return {"description__iregex": rf"\m(?:{'|'.join(words)})\M"}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page ended."""

    updated_at: datetime
    id: int

    @classmethod
    def of(cls, entry: Suppression) -> "Place":
        return cls(entry.updated_at, entry.pk)

    @classmethod
    def from_cursor(cls, text: str) -> "Place | None":
        """The place that a cursor names; None when it is none of ours."""
        try:
            packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            microseconds, entry = msgspec.msgpack.decode(packed, type=tuple[int, int])
            place = cls(_EPOCH + timedelta(microseconds=microseconds), entry)
        except (ValueError, msgspec.DecodeError, OverflowError):
            return None
        return place if 0 <= entry < 2**63 else None

    def as_cursor(self) -> str:
        microseconds = (self.updated_at - _EPOCH) // timedelta(microseconds=1)
        return base64.urlsafe_b64encode(msgspec.msgpack.encode((microseconds, self.id))).rstrip(b"=").decode()
