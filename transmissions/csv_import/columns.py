"""Which part of a recipient each column of a CSV file becomes, and what one row then says."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec

from transmissions.csv_import.formulas import restored
from transmissions.csv_import.heading import Heading

MAX_KEY_BYTES = 128


class Target(StrEnum):
    """A part of a recipient object (contract 10 §4.1); the last two take a key beside them."""

    IGNORED = "ignored"
    EMAIL = "email"
    NAME = "name"
    RETURN_PATH = "return_path"
    TAGS = "tags"
    METADATA = "metadata"
    SUBSTITUTION_DATA = "substitution_data"
    CONSENT = "consent"
    METADATA_KEY = "metadata_key"
    SUBSTITUTION_KEY = "substitution_key"


TITLES = {
    Target.IGNORED: "Ignored",
    Target.EMAIL: "Email",
    Target.NAME: "Name",
    Target.RETURN_PATH: "Return path",
    Target.TAGS: "Tags (JSON array)",
    Target.METADATA: "Metadata (JSON object)",
    Target.SUBSTITUTION_DATA: "Substitution data (JSON object)",
    Target.CONSENT: "Consent (JSON object)",
    Target.METADATA_KEY: "Metadata key",
    Target.SUBSTITUTION_KEY: "Substitution data key",
}
KEYED = frozenset({Target.METADATA_KEY, Target.SUBSTITUTION_KEY})


class Column(msgspec.Struct, frozen=True):
    """What becomes of one column; `key` only for a target of KEYED."""

    target: Target
    key: str = ""


IGNORED = Column(Target.IGNORED)


@dataclass(frozen=True, slots=True)
class CellFault:
    """Why a row is refused, and the cell that is to blame."""

    value: str
    reason: str


_ALIASES = {
    **{target.value: target for target in Target if target not in KEYED and target is not Target.IGNORED},
    **dict.fromkeys(("e_mail", "mail", "email_address", "e_mail_address", "address"), Target.EMAIL),
    **dict.fromkeys(("full_name", "display_name"), Target.NAME),
    **dict.fromkeys(("returnpath", "envelope_from"), Target.RETURN_PATH),
}
_PREFIXES = {
    "metadata.": Target.METADATA_KEY,
    "meta.": Target.METADATA_KEY,
    "substitution_data.": Target.SUBSTITUTION_KEY,
    "data.": Target.SUBSTITUTION_KEY,
}
_decode_object = msgspec.json.Decoder(dict[str, Any]).decode
_decode_tags = msgspec.json.Decoder(list[str]).decode


def guess(heading: Heading) -> tuple[Column, ...]:
    """A column for each name of the header line; a name that says nothing is ignored (contract 30 §7)."""
    columns: list[Column] = []
    for name in heading.columns:
        column = _guess_one(name)
        columns.append(column if column not in columns else IGNORED)
    if not any(column.target is Target.EMAIL for column in columns):
        found = _column_of_addresses(heading)
        if found is not None:
            columns[found] = Column(Target.EMAIL)
    return tuple(columns)


def suggested_key(name: str) -> str:
    """A key of the template language made of a column's name."""
    key = name.lower()
    for prefix in _PREFIXES:
        key = key.removeprefix(prefix)
    return re.sub(r"\W+", "_", key).strip("_")


def faults_of(columns: Sequence[Column]) -> list[str]:
    """What is wrong with a mapping, in words; nothing if rows can be read with it."""
    faults = []
    if not any(column.target is Target.EMAIL for column in columns):
        faults.append("Choose the column that holds the email address.")
    for column in columns:
        if column.target in KEYED and not 0 < len(column.key.encode()) <= MAX_KEY_BYTES:
            faults.append(f"Every key needs a name of at most {MAX_KEY_BYTES} bytes.")
        if column.target in KEYED and not column.key.isprintable():
            faults.append("A key cannot hold control characters.")
        if column.target is not Target.IGNORED and columns.count(column) > 1:
            faults.append(f"“{title(column)}” is chosen for more than one column.")
    return list(dict.fromkeys(faults))


def title(column: Column) -> str:
    """A column's target as people read it."""
    return f"{TITLES[column.target]}: {column.key}" if column.target in KEYED else TITLES[column.target]


def row_reader(columns: Sequence[Column]) -> Callable[[list[str]], dict[str, Any] | CellFault]:
    """A function from the cells of a row to a recipient object as the API takes it, or to the row's fault."""
    wanted = [(index, column) for index, column in enumerate(columns) if column.target is not Target.IGNORED]
    width = len(columns)

    def read(cells: list[str]) -> dict[str, Any] | CellFault:
        surplus = next((cell for cell in cells[width:] if cell), None)
        if surplus is not None:
            return CellFault(surplus, f"the row has {len(cells)} cells, the header line {width}")
        recipient: dict[str, Any] = {}
        for index, column in wanted:
            cell = restored(cells[index]) if index < len(cells) else ""
            if cell:
                fault = _put(recipient, column, cell)
                if fault is not None:
                    return fault
        email, name = recipient.pop("email", ""), recipient.pop("name", "")
        if not email:
            return CellFault("", "the email address is missing")
        # Without a name of its own the address may bring one along: Name <a@b.test>.
        recipient["address"] = {"email": email, "name": name} if name else email
        return recipient

    return read


def _put(recipient: dict[str, Any], column: Column, cell: str) -> CellFault | None:
    match column.target:
        case Target.EMAIL | Target.NAME | Target.RETURN_PATH:
            recipient[column.target.value] = cell.strip()
        case Target.METADATA_KEY:
            recipient.setdefault("metadata", {})[column.key] = cell.replace("\0", "")
        case Target.SUBSTITUTION_KEY:
            recipient.setdefault("substitution_data", {})[column.key] = cell.replace("\0", "")
        case Target.TAGS:
            tags = _decoded(_decode_tags, cell)
            if tags is None:
                return CellFault(cell, "tags is not a JSON array of strings")
            recipient["tags"] = tags
        case _:
            value = _decoded(_decode_object, cell)
            if value is None:
                return CellFault(cell, f"{column.target.value} is not a JSON object")
            # A key with a column of its own goes before the same key of the object.
            recipient[column.target.value] = value | recipient.get(column.target.value, {})
    return None


def _decoded(decode: Callable[[str], Any], cell: str) -> Any:
    if not cell.strip():
        return decode("{}" if decode is _decode_object else "[]")
    try:
        return decode(cell)
    except (msgspec.DecodeError, RecursionError):
        return None


def _guess_one(name: str) -> Column:
    plain = re.sub(r"[\s-]+", "_", name.strip().lower())
    if plain in _ALIASES:
        return Column(_ALIASES[plain])
    for prefix, target in _PREFIXES.items():
        if plain.startswith(prefix) and len(plain) > len(prefix):
            return Column(target, name.strip()[len(prefix) :])
    return IGNORED


def _column_of_addresses(heading: Heading) -> int | None:
    for index in range(len(heading.columns)):
        cells = [row[index] for row in heading.sample if index < len(row) and row[index]]
        if cells and all("@" in cell for cell in cells):
            return index
    return None
