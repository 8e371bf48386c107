"""Taking in what people ask for about their data (contract 95 §7)."""

from typing import Any

from momentum.lib.errors import ApiError, Fault, fault
from tracking import requests
from tracking.models import PrivacyRequest
from transmissions.addresses import parse_address

MAX_RECIPIENTS = 1000
_SHOWN = 320


def request(kind: PrivacyRequest.Kind, body: dict[str, Any], *, by: str) -> None:
    """Store a request for every recipient of the body; `by` says who asked.

    Raises ApiError: nothing is stored then.
    """
    recipients, include = body.get("recipients"), body.get("include_subaccounts")
    faults = []
    if recipients is None or recipients == []:
        faults.append(fault("1400", "recipients is a required field"))
    elif not isinstance(recipients, list):
        faults.append(fault("1300", "'recipients' must be an array"))
    if not (include is None or isinstance(include, bool)):
        faults.append(fault("1300", "'include_subaccounts' must be a boolean"))
    if faults:
        raise ApiError(422, *faults)
    assert isinstance(recipients, list)
    if len(recipients) > MAX_RECIPIENTS:
        message = f"Exceeded maximum number of recipients ({MAX_RECIPIENTS})"
        raise ApiError(400, Fault("1300", message))
    requests.save(kind, _addresses(recipients), include_subaccounts=bool(include), by=by)


def _addresses(recipients: list[Any]) -> list[str]:
    found = [parse_address(one) if isinstance(one, str) else None for one in recipients]
    bad = [one for one, address in zip(recipients, found, strict=True) if address is None]
    if bad:
        raise ApiError(400, *map(_invalid, bad))
    return [address.lower() for address in found if address is not None]


def _invalid(value: Any) -> Fault:
    shown = value[:_SHOWN] if isinstance(value, str) else None
    return Fault("1300", "invalid email address", extra={"recipient": shown})
