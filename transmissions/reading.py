"""Reading a JSON object field by field, collecting every fault in the order found (contract 00 §4.1, §5)."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from momentum.lib.errors import CATALOGUE, ApiError, Fault, fault

MAX_DEPTH = 100
# How JSON spells NUL.
NUL_ESCAPE = b"\\u0000"

_BOOLEANS = {True: True, False: False, "true": True, "false": False}
_NAMES = {str: "string", int: "integer", dict: "object", list: "array"}


class Faults:
    """What is wrong with a request so far; the status of the answer is that of the first."""

    def __init__(self) -> None:
        self.found: list[Fault] = []
        self._status: int | None = None
        # Of sending and tracking domains: looked at only when fields and references are in order (contract 00 §6).
        self._of_domains: list[tuple[int, Fault]] = []

    def add(self, code: str, description: str, *, status: int | None = None, **extra: Any) -> None:
        """Note a fault of the catalogue, each one once."""
        self.note(fault(code, description, **extra), status=status)

    def note(self, new: Fault, *, status: int | None = None) -> None:
        """Note a fault as it is; `status` where it departs from the catalogue's."""
        if new in self.found:
            return
        if self._status is None:
            self._status = status or CATALOGUE[new.code][0]
        self.found.append(new)

    def extend(self, faults: Iterable[Fault]) -> None:
        for new in faults:
            self.note(new)

    def add_of_domain(self, code: str, description: str) -> None:
        """Note a fault of a domain, which comes after those of fields and references."""
        self._of_domains.append((CATALOGUE[code][0], fault(code, description)))

    def raise_if_any(self, *, of_domains: bool = True) -> None:
        """Raises ApiError with everything noted; faults of domains only where there is no other."""
        if self.found:
            raise ApiError(self._status or 400, *self.found)
        if self._of_domains and of_domains:
            raise ApiError(self._of_domains[0][0], *(noted for _, noted in self._of_domains))


class Fields:
    """The members of one object; `path` is its name in faults, "" for the body itself."""

    def __init__(self, values: Mapping[str, Any], faults: Faults, path: str = "") -> None:
        self._values = values
        self._faults = faults
        self._path = path

    def name_of(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name

    def raw(self, name: str) -> Any:
        """The member as sent; None when absent or null (contract 00 §5)."""
        return self._values.get(name)

    def has(self, name: str) -> bool:
        return self._values.get(name) is not None

    def text(self, name: str, limit: int | None = None, *, clean: bool = False) -> str | None:
        """A string of at most `limit` bytes of UTF-8; `clean` refuses NUL (contract 00 §12.10)."""
        value = self.raw(name)
        if value is None:
            return None
        if not isinstance(value, str):
            self._wrong_type(name, str)
            return None
        if limit is not None and len(value.encode()) > limit:
            self._faults.add("1300", f"{self.name_of(name)} is longer than {limit} bytes")
            return None
        if clean and "\0" in value:
            self._faults.add("1300", f"{self.name_of(name)} contains a NUL character")
            return None
        return value

    def boolean(self, name: str) -> bool | None:
        """True or false, also as "true", "false", 1 and 0."""
        value = self.raw(name)
        if value is None:
            return None
        known = _BOOLEANS.get(value) if isinstance(value, (bool, int, str)) else None
        if known is None:
            self._faults.add("1300", f"'{self.name_of(name)}' must be a boolean")
        return known

    def object(self, name: str) -> dict[str, Any]:
        """An object; absent, "" and [] are the empty one."""
        value = self.raw(name)
        if value is None or value in ("", []):
            return {}
        if not isinstance(value, dict):
            self._wrong_type(name, dict)
            return {}
        return value

    def sized_object(self, name: str, limit: int, code: str) -> dict[str, Any]:
        """An object without NUL whose compact JSON has at most `limit` bytes, else the fault `code`."""
        value = self.object(name)
        if too_deep(value):
            self._faults.add("1300", f"{self.name_of(name)} is nested more than {MAX_DEPTH} levels deep")
            return {}
        encoded = msgspec.json.encode(value) if value else b""
        if len(encoded) > limit:
            self._faults.add(code, f"{self.name_of(name)} exceeds {limit} bytes")
        return without_nul(value) if NUL_ESCAPE in encoded else value

    def array(self, name: str) -> list[Any]:
        value = self.raw(name)
        if value is None:
            return []
        if not isinstance(value, list):
            self._wrong_type(name, list)
            return []
        return value

    def fields(self, name: str) -> "Fields":
        return Fields(self.object(name), self._faults, self.name_of(name))

    def _wrong_type(self, name: str, expected: type) -> None:
        kind = _NAMES[expected]
        article = "an" if kind[0] in "aio" else "a"
        self._faults.add("1300", f"'{self.name_of(name)}' must be {article} {kind}")


def read_num_rcpt_errors(given: Any, faults: Faults) -> int | None:
    """How many faults of recipients an answer shows; None for all (contract 10 §4.4)."""
    if isinstance(given, str) and given.isascii() and given.isdecimal():
        given = int(given[:10])
    if given is None or (isinstance(given, int) and not isinstance(given, bool) and given >= 0):
        return given
    faults.add("1200", "num_rcpt_errors must be an integer of at least 0", status=400, param="num_rcpt_errors")
    return None


def too_deep(value: Any) -> bool:
    """Whether a JSON value is nested deeper than a worker may be asked to walk."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return False
    return True


def without_nul(value: Any) -> Any:
    """A JSON value with NUL dropped from its strings (contract 00 §12.10); PostgreSQL stores none."""
    match value:
        case str():
            return value.replace("\0", "")
        case dict():
            return {without_nul(name): without_nul(member) for name, member in value.items()}
        case list():
            return [without_nul(member) for member in value]
    return value


def all_null(value: Any) -> bool:
    """Whether an object says nothing: it is absent, empty, or every member is null (contract 00 §5)."""
    return (
        value is None or value in ([], "") or (isinstance(value, dict) and all(v is None for v in value.values()))
    )
