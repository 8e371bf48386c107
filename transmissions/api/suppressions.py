"""The endpoints of the suppression list (contract 95 §1)."""

import re
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from urllib.parse import parse_qsl, urlencode

from django.http import HttpResponse
from rest_framework.request import Request

from momentum.api import parameters, responses
from momentum.api.bodies import SUPPRESSION_BODY_LIMIT, json_object, read_body
from momentum.api.parameters import bad_value
from momentum.api.views import ApiView
from transmissions.actions import suppressions
from transmissions.reading import Faults, Fields
from transmissions.suppression.request import read_type
from transmissions.suppression.search import INITIAL, PAGES_END, Place, Search
from transmissions.suppression.store import Source, Type

_MANAGE = ("suppression_lists/manage",)
_MOST_PER_PAGE = 10_000
_DEFAULT_PER_PAGE = 1000
_SOURCES = {source.value.lower(): source.value for source in Source}
# A `+` that a client did not encode has become a blank by the time it is read (contract 00 §1).
_OFFSET = re.compile(r" (\d\d:?\d\d)\Z")


class SuppressionsView(ApiView):
    """Search, and bulk changes."""

    grants: ClassVar = {"GET": _MANAGE, "PUT": _MANAGE}

    def get(self, request: Request) -> HttpResponse:
        """What matches the parameters, a page at a time."""
        search = _search(request)
        per_page = _per_page(request)
        cursor, page = parameters.text(request, "cursor"), parameters.integer(request, "page", minimum=1)
        if cursor is None and page is not None:
            return _numbered(request, search, page, per_page)
        after = Place.from_cursor(cursor) if cursor not in (None, INITIAL) else None
        if cursor not in (None, INITIAL) and after is None:
            raise bad_value("cursor", str(cursor), "cursor must be 'initial' or come from links")
        found = suppressions.found(search, per_page, after=after)
        links = [_link(request, "first", cursor=INITIAL)]
        if found.rest is not None:
            links.append(_link(request, "next", cursor=found.rest.as_cursor()))
        return responses.ok(found.entries, links=links, total_count=found.total)

    def put(self, request: Request) -> HttpResponse:
        """Add or change up to 10,000 entries."""
        return responses.ok({"message": suppressions.put_all(read_body(request, SUPPRESSION_BODY_LIMIT))})


class SuppressionSummaryView(ApiView):
    """Counts by source."""

    grants: ClassVar = {"GET": _MANAGE}

    def get(self, request: Request) -> HttpResponse:
        """How many entries there are."""
        return responses.ok(suppressions.summary())


class SuppressionView(ApiView):
    """The entries of one recipient."""

    grants: ClassVar = {"GET": _MANAGE, "PUT": _MANAGE, "DELETE": _MANAGE}

    def get(self, request: Request, recipient: str) -> HttpResponse:
        """All of them."""
        entries = suppressions.shown(recipient)
        return responses.ok(entries, links=[], total_count=len(entries))

    def put(self, request: Request, recipient: str) -> HttpResponse:
        """Add or change one or both types."""
        return responses.ok({"message": suppressions.put(recipient, read_body(request, SUPPRESSION_BODY_LIMIT))})

    def delete(self, request: Request, recipient: str) -> HttpResponse:
        """Remove one type or both, of one list or all; the query goes before the body."""
        faults = Faults()
        body = Fields(json_object(read_body(request)), faults)
        given = parameters.text(request, "type") or body.raw("type")
        kind = read_type(given, faults) if given not in (None, "") else None
        # `list_id=` means entries for all mail, no `list_id` at all means all entries.
        if "list_id" in request.query_params:
            list_id: str | None = parameters.text(request, "list_id") or ""
        else:
            list_id = body.text("list_id")
        faults.raise_if_any()
        suppressions.remove(recipient, kind, list_id)
        return responses.no_content()


def _search(request: Request) -> Search:
    sort = parameters.text(request, "sort") or "desc"
    if sort.lower() not in ("asc", "desc"):
        raise bad_value("sort", sort, "sort must be asc or desc")
    start, end = _time(request, "from"), _time(request, "to")
    if start and end and start > end:
        raise bad_value("from", str(parameters.text(request, "from")), "from must not be after to")
    return Search(
        start=start,
        # Entries show whole seconds: one that shows `to` is still in.
        end=end + timedelta(seconds=1) - timedelta(microseconds=1) if end and not end.microsecond else end,
        domain=parameters.text(request, "domain") or "",
        sources=[_source(value) for value in parameters.values(request, "sources")],
        types=[_type(value) for value in parameters.values(request, "types")],
        description=parameters.text(request, "description") or "",
        description_strict=bool(parameters.boolean(request, "description_strict")),
        list_id=parameters.text(request, "list_id") or "",
        ascending=sort.lower() == "asc",
    )


def _per_page(request: Request) -> int:
    given = [parameters.integer(request, name, 1, _MOST_PER_PAGE) for name in ("per_page", "limit")]
    return given[0] or given[1] or _DEFAULT_PER_PAGE


def _numbered(request: Request, search: Search, page: int, per_page: int) -> HttpResponse:
    """A page by its number, with links around it."""
    if page * per_page > PAGES_END:
        raise bad_value("page", str(page), f"pages reach to result {PAGES_END}; use cursor for what comes after")
    found = suppressions.found(search, per_page, offset=(page - 1) * per_page)
    last = max(1, -(-min(found.total, PAGES_END) // per_page))
    numbers = {"first": 1, "previous": page - 1, "next": page + 1, "last": last}
    links = [_link(request, rel, page=number) for rel, number in numbers.items() if 1 <= number <= last]
    return responses.ok(found.entries, links=links, total_count=found.total)


def _link(request: Request, rel: str, **place: object) -> dict[str, str]:
    """Another page of the same search: host-relative, with the caller's filters (contract 00 §9)."""
    # WSGI hands over a text in which each character stands for one byte.
    query = request.META.get("QUERY_STRING", "").encode("latin-1").decode()
    given = parse_qsl(query, keep_blank_values=True)
    kept = [(name, value) for name, value in given if name not in ("cursor", "page")]
    return {"href": f"/api/v1/suppression-list?{urlencode([*kept, *place.items()])}", "rel": rel}


def _source(value: str) -> str:
    found = _SOURCES.get(value.lower().replace("_", " "))
    if found is None:
        raise bad_value("sources", value, f"sources must be of {', '.join(Source.values)}")
    return found


def _type(value: str) -> str:
    if value not in Type.values:
        raise bad_value("types", value, "types must be of transactional, non_transactional")
    return value


def _time(request: Request, name: str) -> datetime | None:
    value = parameters.text(request, name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(_OFFSET.sub(r"+\1", value))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise bad_value(name, value, f"{name} must have the form YYYY-MM-DDTHH:MM:SSZ") from None
