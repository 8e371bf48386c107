"""The list of templates and its CSV."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_safe

from transmissions.template_pages import listing, tables
from transmissions.template_pages.listing import COLUMNS, STATUSES, State

# The same cookie as that of the reports: the choice holds for all tables.
SIZE_COOKIE = "momentum_page_size"
_A_YEAR = 365 * 24 * 3600

may_view = permission_required("transmissions.view_template", raise_exception=True)


@require_safe
@may_view
def template_list(request: HttpRequest) -> HttpResponse:
    """One page of the list."""
    state = _state(request)
    versions = listing.found(state)
    count = versions.count()
    last = tables.last_page(count, state.size)
    state = replace(state, page=min(state.page, last))
    first = (state.page - 1) * state.size
    context = {
        **admin.site.each_context(request),
        "title": "Templates",
        "state": state,
        "query": state.query(),
        "rows": list(listing.rows(versions[first : first + state.size])),
        "columns": _columns(state),
        "pages": _pages(state, count, last),
        "statuses": [
            (label, key == state.status, replace(state, status=key, page=1).query())
            for key, label in STATUSES.items()
        ],
        "sizes": [(size, size == state.size, replace(state, page=1).query()) for size in tables.PAGE_SIZES],
        "may_add": request.user.has_perm("transmissions.add_template"),
    }
    response = TemplateResponse(request, "transmissions/templates/list.html", context)
    if "size" in request.GET:
        response.set_cookie(SIZE_COOKIE, str(state.size), max_age=_A_YEAR, httponly=True, samesite="Lax")
    return response


@require_safe
@may_view
def template_csv(request: HttpRequest) -> HttpResponse:
    """The whole list, in its current order and filter."""
    header = ("Label", "ID", "Description", "Status", "Newer draft", "Last update", "Last use")
    rows = (
        (
            *(row.label, row.key, row.description, row.status),
            *("yes" if row.has_newer_draft else "", _moment(row.updated_at), _moment(row.used_at)),
        )
        for row in listing.rows(listing.found(_state(request)))
    )
    response = HttpResponse(tables.as_csv(header, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="templates.csv"'
    return response


def _state(request: HttpRequest) -> State:
    return listing.read(request.GET.dict(), request.COOKIES.get(SIZE_COOKIE, ""))


def _columns(state: State) -> list[dict[str, Any]]:
    return [
        {
            "key": key,
            "label": label,
            "query": state.sorted_by(key).query(),
            "direction": ("descending" if state.descending else "ascending") if key == state.sort else "none",
        }
        for key, label in COLUMNS.items()
    ]


def _pages(state: State, count: int, last: int) -> dict[str, Any]:
    def query(number: int) -> str:
        return replace(state, page=number).query()

    first = (state.page - 1) * state.size
    return {
        "count": count,
        "first": first + 1,
        "last": min(first + state.size, count),
        "several": last > 1,
        "at_first": state.page == 1,
        "at_last": state.page == last,
        "to_first": query(1),
        "to_previous": query(max(1, state.page - 1)),
        "to_next": query(min(last, state.page + 1)),
        "to_last": query(last),
        "numbers": [(number, number == state.page, query(number)) for number in tables.near(state.page, last)],
    }


def _moment(when: datetime | None) -> str:
    return "" if when is None else f"{when:%Y-%m-%dT%H:%M:%SZ}"
