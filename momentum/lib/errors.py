"""The API's errors: code, message, HTTP status and detail in one class (contract 00 §4.1, §6)."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Fault:
    """One entry of an `errors` array.

    `code` is the catalogue's code as a string ("" for the plain 401 and 429), `message` the class of
    the error, `description` what is wrong with this request; `extra` holds `part`, `line`, `param`, `value`.
    """

    code: str
    message: str
    description: str = ""
    extra: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        body: dict[str, Any] = {"message": self.message}
        if self.description:
            body["description"] = self.description
        if self.code:
            body["code"] = self.code
        return body | self.extra


class ApiError(Exception):
    """A refusal, in the contract's shape.

    `faults` are listed in the order found; `status` is that of the first. `results` stands beside the
    errors where the contract has it so (file 10 §4.4).
    """

    def __init__(
        self,
        status: int,
        *faults: Fault,
        results: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(faults[0].message if faults else str(status))
        self.status = status
        self.faults = faults
        self.results = results
        self.headers = headers or {}


# The catalogue of contract 00 §6: code -> (HTTP status, message).
CATALOGUE: dict[str, tuple[int, str]] = {
    "1100": (403, "permission denied"),
    "1101": (404, "invalid URI"),
    "1102": (405, "invalid HTTP method"),
    "1103": (404, "invalid query string"),
    "1200": (400, "invalid params"),
    "1300": (422, "invalid data format/type/length"),
    "1301": (422, "invalid combination of fields"),
    "1305": (400, "input data not UTF-8"),
    "1400": (422, "required field is missing"),
    "1401": (400, "required parameter missing"),
    "1500": (500, "failed to update database"),
    "1501": (500, "failed to read from database"),
    "1502": (400, "server resources unavailable"),
    "1600": (404, "resource not found"),
    "1601": (403, "no license"),
    "1602": (409, "resource conflict"),
    "1603": (422, "Subresource not found"),
    "1700": (415, "unsupported Content-Type header"),
    "1800": (406, "HTTP header value not acceptable"),
    "1900": (503, "message generation module not available"),
    "2000": (200, "transmission created, but with validation errors"),
    "2001": (400, "invalid transmission id"),
    "2002": (422, "substitution data too large"),
    "2003": (409, "too close to generation time to delete transmission"),
    "2004": (422, "no draft version of template exists"),
    "2005": (422, "no published version of template exists"),
    "2006": (409, "transmission database record is in an invalid state for deletion"),
    "2007": (422, "metadata too large"),
    "2008": (400, "no local part specified in sender address"),
    "3000": (422, "substitution language syntax error in template content"),
    "3001": (422, "substitution language render error in template content"),
    "3002": (422, "invalid header"),
    "3010": (422, "template mime construction error"),
    "3020": (422, "template mime parsing error"),
    "3030": (400, "template already exists"),
    "3040": (422, "template content is corrupt"),
    "3050": (422, "template HTML content is invalid"),
    "5000": (200, "List created with validation errors"),
    "5001": (400, "list already exists"),
    "5002": (400, "At least one valid recipient is required"),
    "6100": (409, "tracking domain exists"),
    "6200": (404, "tracking domain does not exist"),
    "7000": (400, "sending domain blacklisted"),
    "7001": (400, "Invalid domain"),
}


def fault(code: str, description: str = "", **extra: Any) -> Fault:
    """A fault of the catalogue with its message filled in."""
    return Fault(code, CATALOGUE[code][1], description, extra)


def refuse(code: str, description: str = "", *, status: int | None = None, **extra: Any) -> ApiError:
    """The exception for a single fault; `status` where a situation departs from the catalogue's."""
    return ApiError(status or CATALOGUE[code][0], fault(code, description, **extra))
