"""Answers: JSON with `results`, JSON with `errors`, or nothing at all (contract 00 §4)."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import msgspec
from django.http import HttpResponse

from momentum.lib.errors import Fault

JSON = "application/json; charset=utf-8"
# Status 420 is private to this API; no registry knows its phrase.
_REASONS = {420: "Exceed Sending Limit"}


def json_answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> HttpResponse:
    """`value` as the whole body."""
    return HttpResponse(
        msgspec.json.encode(value),
        status=status,
        reason=_REASONS.get(status),
        content_type=JSON,
        headers=dict(headers or {}) or None,
    )


def ok(results: object, **siblings: object) -> HttpResponse:
    """200 with `{"results": …}` and whatever stands beside it (`total_count`, `links`, …)."""
    return json_answer({"results": results, **siblings})


def no_content() -> HttpResponse:
    """204: no body and no media type."""
    answer = HttpResponse(status=204)
    del answer["Content-Type"]
    return answer


def errors(
    status: int,
    faults: Sequence[Fault],
    *,
    results: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """The error envelope; each fault is listed once, in the order found (contract 00 §4.1, §12.15)."""
    listed: list[dict[str, Any]] = []
    for fault in faults:
        entry = fault.as_json()
        if entry not in listed:
            listed.append(entry)
    body = {"errors": listed} if results is None else {"results": results, "errors": listed}
    return json_answer(body, status, headers)


def phrase(status: int) -> str:
    """The words for a status where the catalogue has no entry."""
    return _REASONS.get(status) or HTTPStatus(status).phrase
