"""Recipients as they come in: each is checked alone, a bad one is refused and counted (contract 10 §4)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from momentum.api.bodies import json_value
from momentum.lib.errors import Fault, fault
from transmissions.addresses import parse_address, split_mailbox
from transmissions.reading import MAX_DEPTH, NUL_ESCAPE, too_deep, without_nul
from transmissions.values import Recipient, TrackingFlags

MAX_METADATA_BYTES = 10 * 1024
MAX_SUBSTITUTION_BYTES = 100 * 1024
MAX_TAGS = 10
MAX_NAME_BYTES = 1024
MAX_HEADER_TO_BYTES = 16 * 1024

# What we encode is never eight times as long as what was sent (1e15 becomes 1000000000000000.0).
_CERTAINLY_SMALL_BYTES = MAX_METADATA_BYTES // 8
_BARE_ADDRESS = re.compile(r"[!-;=?-~]+\Z")

_NO_FLAGS = TrackingFlags()
_NO_FLAG = object()
_FLAG_NAMES = ("open_tracking", "click_tracking", "initial_open")


class _Address(msgspec.Struct):
    email: str | None = None
    name: str | None = None
    header_to: str | None = None


class _Flags(msgspec.Struct):
    open_tracking: bool | str | int | None = None
    click_tracking: bool | str | int | None = None
    initial_open: bool | str | int | None = None


class _Consent(msgspec.Struct):
    tracking: bool | str | int | None = None


class _Sent(msgspec.Struct):
    """A recipient in the usual form; whatever is not of this form is looked at by hand to name the fault."""

    address: _Address | str | None = None
    return_path: str | None = None
    tags: list[str] | None = None
    metadata: dict[str, Any] | None = None
    substitution_data: dict[str, Any] | None = None
    options: _Flags | None = None
    consent: _Consent | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Why one recipient is not accepted."""

    fault: Fault


_split = msgspec.json.Decoder(list[msgspec.Raw])
_decode = msgspec.json.Decoder(_Sent)


def read_recipients(array: bytes | msgspec.Raw) -> Iterator[Recipient | Refused]:
    """Each element of a JSON array in its order, without holding more than one of them decoded.

    Raises msgspec.ValidationError when it is not an array.
    """
    for element in _split.decode(array):
        text = bytes(element)
        try:
            sent = _decode.decode(text)
        except (msgspec.DecodeError, RecursionError):
            yield _read_by_hand(json_value(text))
        else:
            yield _check(sent, text)


def read_recipient(element: Any) -> Recipient | Refused:
    """One recipient that is already decoded."""
    try:
        return _check(msgspec.convert(element, _Sent), msgspec.json.encode(element))
    except (msgspec.ValidationError, RecursionError):
        return _read_by_hand(element)


def _check(sent: _Sent, text: bytes) -> Recipient | Refused:
    """A recipient as decoded from `text`."""
    if NUL_ESCAPE in text:
        _drop_nul(sent)
    address = sent.address
    if address is None:
        return _MISSING
    header_to = None
    if isinstance(address, str):
        name, email = ("", address) if _BARE_ADDRESS.match(address) else split_mailbox(address)
    else:
        name, email, header_to = address.name or "", address.email or "", address.header_to
    if not email:
        return _MISSING
    checked = parse_address(email)
    if checked is None:
        return _refuse("1300", f"invalid recipient address.email: {email[:320]}")
    if "\0" in name or (header_to and "\0" in header_to):
        return _refuse("1300", "recipient address contains a NUL character")
    if len(name) > MAX_NAME_BYTES or (header_to and len(header_to) > MAX_HEADER_TO_BYTES):
        return _refuse("1300", "recipient address.name or address.header_to is too long")
    return_path = _read_return_path(sent.return_path) if sent.return_path else ""
    if return_path is None:
        return _refuse("1300", f"invalid recipient return_path: {str(sent.return_path)[:320]}")
    # Whoever sends this little cannot have gone past a limit.
    if len(text) > _CERTAINLY_SMALL_BYTES or text.count(b"{") + text.count(b"[") > MAX_DEPTH:
        refused = _check_data(sent, email)
        if refused is not None:
            return refused
    flags = _NO_FLAGS if sent.options is None else _read_flags(sent.options)
    if flags is None:
        return _refuse("1300", f"options of recipient {email} must be booleans")
    consents = _read_flag(None if sent.consent is None else sent.consent.tracking)
    if consents is _NO_FLAG:
        return _refuse("1300", f"consent.tracking of recipient {email} must be a boolean")
    return Recipient(
        email=checked,
        name=name,
        header_to=header_to,
        return_path=return_path,
        tags=_few_tags(sent.tags),
        metadata=sent.metadata or {},
        substitution_data=sent.substitution_data or {},
        options=flags,
        tracking_declined=consents is False,
    )


def _check_data(sent: _Sent, email: str) -> Refused | None:
    if too_deep(sent.metadata) or too_deep(sent.substitution_data):
        return _refuse("1300", f"data of recipient {email} is nested more than {MAX_DEPTH} levels deep")
    if sent.metadata and _too_large(sent.metadata, MAX_METADATA_BYTES):
        return _refuse("2007", f"metadata of recipient {email} exceeds {MAX_METADATA_BYTES} bytes")
    if sent.substitution_data and _too_large(sent.substitution_data, MAX_SUBSTITUTION_BYTES):
        return _refuse("2002", f"substitution_data of recipient {email} exceeds {MAX_SUBSTITUTION_BYTES} bytes")
    return None


def _read_return_path(given: str) -> str | None:
    """The envelope sender, where template language is allowed; None when it is no address."""
    return given if "{{" in given and "\0" not in given else parse_address(given)


def _drop_nul(sent: _Sent) -> None:
    sent.metadata = without_nul(sent.metadata)
    sent.substitution_data = without_nul(sent.substitution_data)
    sent.tags = without_nul(sent.tags)


def _read_by_hand(element: Any) -> Recipient | Refused:
    if not isinstance(element, dict):
        return _refuse("1300", "recipient is not a JSON object")
    # PHP encodes an empty object as [] (contract 00 §3).
    forgiven = {key: value for key, value in element.items() if value not in ([], "")}
    try:
        sent = msgspec.convert(forgiven, _Sent)
    except msgspec.ValidationError as problem:
        return _refuse("1300", f"recipient: {problem}")
    return _check(sent, msgspec.json.encode(forgiven))


def _read_flags(sent: _Flags) -> TrackingFlags | None:
    values = [_read_flag(getattr(sent, name)) for name in _FLAG_NAMES]
    return None if _NO_FLAG in values else TrackingFlags(*values)


def _read_flag(sent: bool | str | int | None) -> Any:
    """True, False, None for what is not set, or _NO_FLAG for what says neither."""
    match sent:
        case None:
            return None
        case True | 1 | "true":
            return True
        case False | 0 | "false":
            return False
        case _:
            return _NO_FLAG


def _few_tags(tags: list[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tags))[:MAX_TAGS] if tags else ()


def _too_large(value: dict[str, Any], limit: int) -> bool:
    return len(msgspec.json.encode(value)) > limit


def _refuse(code: str, description: str) -> Refused:
    return Refused(fault(code, description))


_MISSING = _refuse("1400", "address.email is required for each recipient")
