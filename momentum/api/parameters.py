"""Query parameters (contract 00 §1): bad values are 400 `1200` with `param` and `value`."""

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import parse_qs

from django.http import HttpRequest
from rest_framework.request import Request

from momentum.lib.errors import ApiError, refuse

_MOST_FIELDS = 2000
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def text(request: HttpRequest | Request, name: str) -> str | None:
    """The value of `name` without surrounding blanks, the last one if repeated; None if absent or blank."""
    given = _given(request, name)
    return (given[-1].strip() or None) if given else None


def integer(
    request: HttpRequest | Request,
    name: str,
    minimum: int | None = None,
    maximum: int | None = None,
    default: int | None = None,
) -> int | None:
    """A decimal integer within the limits, both included; `default` if absent or blank."""
    value = text(request, name)
    if value is None:
        return default
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= 19):
        raise bad_value(name, value, f"{name} must be an integer")
    number = int(value)
    if minimum is not None and number < minimum:
        raise bad_value(name, value, f"{name} must be at least {minimum}")
    if maximum is not None and number > maximum:
        raise bad_value(name, value, f"{name} must be at most {maximum}")
    return number


def boolean(request: HttpRequest | Request, name: str) -> bool | None:
    """`true`, `false` in any case, `1` or `0`; None if absent or blank."""
    value = text(request, name)
    if value is None:
        return None
    if value.lower() not in _BOOLEANS:
        raise bad_value(name, value, f"{name} must be true or false")
    return _BOOLEANS[value.lower()]


def values(request: HttpRequest | Request, name: str, delimiter: str = ",") -> list[str]:
    """The elements of a list; repeated keys are joined, blanks trimmed, empty elements dropped."""
    pieces = [piece.strip() for given in _given(request, name) for piece in given.split(delimiter)]
    return [piece for piece in pieces if piece]


def delimiter(request: HttpRequest | Request) -> str:
    """What separates the elements of lists in this request: the parameter `delimiter`, else a comma."""
    given = _given(request, "delimiter")
    return (given[-1] if given else "") or ","


def bad_value(name: str, value: str, description: str) -> ApiError:
    """The refusal of one parameter's value."""
    return refuse("1200", description, param=name, value=value)


def _given(request: HttpRequest | Request, name: str) -> list[str]:
    given = _parsed(request.META.get("QUERY_STRING", "")).get(name, [])
    for value in given:
        if "\0" in value:
            raise bad_value(name, value.replace("\0", ""), f"{name} contains a NUL character")
    return given


@lru_cache(maxsize=128)
def _parsed(query: str) -> Mapping[str, list[str]]:
    """The fields of a query string as WSGI hands it over, where each character stands for one byte."""
    try:
        return parse_qs(
            query.encode("latin-1").decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError as problem:
        unreadable = isinstance(problem, UnicodeError)
        detail = "the query string is not UTF-8" if unreadable else "the query string has too many fields"
        raise refuse("1103", detail) from None
