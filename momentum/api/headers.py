"""Request headers that are checked before any view looks at a request (contract 00 §3, §10)."""

from django.http import HttpRequest
from rest_framework.request import Request

from momentum.lib.errors import refuse

_ACCEPTABLE = frozenset({"application/json", "application/*", "*/*"})


def check_subaccount(request: HttpRequest | Request) -> None:
    """Only the primary account (`0`) exists; any other X-MSYS-SUBACCOUNT is 400 `1300`."""
    given: str = request.META.get("HTTP_X_MSYS_SUBACCOUNT", "0").strip()
    if given == "0":
        return
    if given.removeprefix("-").isdecimal():
        raise refuse("1300", f"X-MSYS-SUBACCOUNT: unknown subaccount {given[:20]}", status=400)
    raise refuse("1300", "X-MSYS-SUBACCOUNT must be an integer", status=400)


def check_content_type(request: HttpRequest | Request, accepted: tuple[str, ...]) -> None:
    """415 `1700` unless the body's media type is one of `accepted`; none at all counts as JSON."""
    given: str = request.META.get("CONTENT_TYPE") or ""
    media_type = given.split(";")[0].strip().lower()
    if media_type and media_type not in accepted:
        raise refuse("1700", f"Content-Type must be {' or '.join(accepted)}")


def check_accept(request: HttpRequest | Request) -> None:
    """406 `1800` when the caller rules out JSON."""
    given: str = request.META.get("HTTP_ACCEPT", "").strip()
    if given and not any(_allows_json(media_range) for media_range in given.split(",")):
        raise refuse("1800", "Accept must allow application/json")


def _allows_json(media_range: str) -> bool:
    media_type, *parameters = (piece.strip().lower() for piece in media_range.split(";"))
    refused = any(parameter.replace(" ", "").rstrip("0").rstrip(".") in ("q=", "q=0") for parameter in parameters)
    return media_type in _ACCEPTABLE and not refused
