"""The list of templates: what its address asks for, and the rows in that order (contract 90 §8, §11)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Greatest, Lower

from transmissions.models import TemplateVersion
from transmissions.template_pages.tables import PAGE_SIZES

STATUSES = {"": "All", "draft": "Draft", "published": "Published", "newer": "With newer draft"}
COLUMNS = {"label": "Label", "id": "ID", "status": "Status", "updated": "Last update", "used": "Last use"}
_DEFAULT_SORT = "updated"
_DESCENDING_FIRST = frozenset({"updated", "used"})
_LONGEST_SEARCH = 200


@dataclass(frozen=True, slots=True)
class State:
    """What the page shows; every bit of it is in the address."""

    search: str = ""
    status: str = ""
    sort: str = _DEFAULT_SORT
    descending: bool = True
    page: int = 1
    size: int = PAGE_SIZES[0]

    def query(self) -> str:
        """The query string of this state; `size` is remembered elsewhere."""
        direction = "" if self.descending == (self.sort in _DESCENDING_FIRST) else "-"
        sort = f"{direction}{self.sort}"
        fields = {
            "q": self.search,
            "status": self.status,
            "sort": "" if sort == _DEFAULT_SORT else sort,
            "page": "" if self.page == 1 else str(self.page),
        }
        return urlencode({name: value for name, value in fields.items() if value})

    def sorted_by(self, column: str) -> "State":
        """By another column in its usual direction, by the same one the other way round."""
        turned = not self.descending if column == self.sort else column in _DESCENDING_FIRST
        return replace(self, sort=column, descending=turned, page=1)


def read(query: Mapping[str, str], remembered_size: str) -> State:
    """The state an address asks for; what makes no sense is left at its default."""
    sort = query.get("sort", "")
    column = sort.removeprefix("-")
    if column not in COLUMNS:
        column, sort = _DEFAULT_SORT, _DEFAULT_SORT
    status = query.get("status", "")
    return State(
        search=query.get("q", "").replace("\0", "").strip()[:_LONGEST_SEARCH],
        status=status if status in STATUSES else "",
        sort=column,
        descending=(column in _DESCENDING_FIRST) != sort.startswith("-"),
        page=_number(query.get("page", ""), 1),
        size=_size(query.get("size", "")) or _size(remembered_size) or PAGE_SIZES[0],
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One template: label and description of the published version where there is one."""

    key: str
    label: str
    description: str
    is_published: bool
    has_newer_draft: bool
    has_older_draft: bool
    updated_at: datetime
    used_at: datetime | None

    @property
    def status(self) -> str:
        return "Published" if self.is_published else "Draft"


def found(state: State) -> QuerySet[TemplateVersion]:
    """The versions that stand for the templates asked for, in order."""
    drafts = TemplateVersion.objects.filter(template=OuterRef("template"), is_draft=True)
    published = TemplateVersion.objects.filter(template=OuterRef("template"), is_draft=False)
    versions = (
        TemplateVersion.objects.filter(Q(is_draft=False) | ~Exists(published))
        .select_related("template")
        .defer("content")
        .annotate(draft_at=Subquery(drafts.values("updated_at")[:1]))
        .annotate(changed_at=Greatest("updated_at", Coalesce("draft_at", "updated_at")))
    )
    if state.search:
        in_label = Q(name__icontains=state.search) | Q(description__icontains=state.search)
        versions = versions.filter(in_label | Q(template__key__icontains=state.search))
    if state.status:
        versions = versions.filter(_STATUS[state.status])
    key = _SORT[state.sort]
    ordered = key.desc(nulls_last=True) if state.descending else key.asc(nulls_first=True)
    return versions.order_by(ordered, "template__key")


def rows(versions: QuerySet[TemplateVersion]) -> Iterator[Row]:
    for version in versions.iterator(chunk_size=1000):
        draft_at = getattr(version, "draft_at", None)
        has_both = not version.is_draft and draft_at is not None
        is_newer = has_both and draft_at is not None and draft_at > version.updated_at
        yield Row(
            key=version.template.key,
            label=version.name,
            description=version.description,
            is_published=not version.is_draft,
            has_newer_draft=is_newer,
            has_older_draft=has_both and not is_newer,
            updated_at=getattr(version, "changed_at", version.updated_at),
            used_at=version.template.last_use,
        )


_STATUS = {
    "draft": Q(is_draft=True),
    "published": Q(is_draft=False),
    "newer": Q(is_draft=False, draft_at__gt=F("updated_at")),
}
_SORT: dict[str, Any] = {
    "label": Lower("name"),
    "id": F("template__key"),
    "status": Case(
        When(is_draft=True, then=Value(0)), When(draft_at__isnull=False, then=Value(1)), default=Value(2)
    ),
    "updated": F("changed_at"),
    "used": F("template__last_use"),
}


def _number(text: str, default: int) -> int:
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 8 else default


def _size(text: str) -> int | None:
    return next((size for size in PAGE_SIZES if str(size) == text), None)
