"""The body of POST /transmissions, decoded and checked in one pass (contract 10 §1–§6)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from momentum.api.bodies import json_typed
from momentum.lib import clock
from momentum.lib.errors import Fault
from transmissions.addresses import parse_address
from transmissions.content import TemplateReference, check_sender, read_content, read_mailbox
from transmissions.generation import check_override
from transmissions.reading import Faults, Fields, read_num_rcpt_errors
from transmissions.recipients import (
    MAX_METADATA_BYTES,
    MAX_SUBSTITUTION_BYTES,
    Refused,
    read_recipients,
)
from transmissions.values import Content, Override, Recipient, TrackingFlags

MAX_CAMPAIGN_BYTES = 64
MAX_DESCRIPTION_BYTES = 1024
_START_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?\Z", re.IGNORECASE | re.ASCII
)
_MAX_HEADER_BYTES = 16 * 1024


class _Body(msgspec.Struct):
    """Only what may be large is kept undecoded."""

    recipients: msgspec.Raw = msgspec.Raw(b"null")
    content: Any = None
    options: Any = None
    override: Any = None
    campaign_id: Any = None
    description: Any = None
    metadata: Any = None
    substitution_data: Any = None
    return_path: Any = None
    tracking_domain: Any = None
    num_rcpt_errors: Any = None


@dataclass(frozen=True, slots=True)
class Options:
    """`options` as read; `as_sent` holds those that were set, for GET (contract 10 §10)."""

    flags: TrackingFlags
    start_at: datetime | None = None
    transactional: bool | None = None
    skip_suppression: bool = False
    inline_css: bool = False
    perform_substitutions: bool = True
    ip_pool: str = ""
    as_sent: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Submission:
    """A transmission as asked for. `recipients` reads them one by one; `list_id` names a stored list instead."""

    content: Content | TemplateReference
    options: Options
    override: Override
    recipients: Iterator[Recipient | Refused]
    list_id: str | None
    campaign_id: str
    description: str
    metadata: dict[str, Any]
    substitution_data: dict[str, Any]
    return_path: str
    num_rcpt_errors: int | None
    faults: Faults = field(default_factory=Faults)
    is_test: bool = False


def read_submission(body: bytes, schedule_horizon: timedelta) -> Submission:
    """Decode and check everything but the single recipients.

    `schedule_horizon` is how far ahead `start_time` may lie. Raises ApiError with every fault found, except those
    of domains: they stay in `faults` of the submission, to be raised when what it refers to has been found.
    """
    faults = Faults()
    fields, recipients = _decode(body, faults)
    content = read_content(fields, faults, is_to_one=_is_to_one(fields, recipients))
    list_id = _read_list_id(recipients, faults)
    options = _read_options(fields.fields("options"), schedule_horizon, faults)
    if not options.perform_substitutions and isinstance(content, TemplateReference):
        faults.add("1301", "perform_substitutions must not be false together with template_id")
    submission = Submission(
        content=content or Content(),
        options=options,
        override=_read_override(fields.fields("override"), faults),
        recipients=read_recipients(recipients) if list_id is None else iter(()),
        list_id=list_id,
        campaign_id=fields.text("campaign_id", MAX_CAMPAIGN_BYTES, clean=True) or "",
        description=(fields.text("description", MAX_DESCRIPTION_BYTES) or "").replace("\0", ""),
        metadata=fields.sized_object("metadata", MAX_METADATA_BYTES, "2007"),
        substitution_data=fields.sized_object("substitution_data", MAX_SUBSTITUTION_BYTES, "2002"),
        return_path=_read_return_path(fields, faults),
        num_rcpt_errors=read_num_rcpt_errors(fields.raw("num_rcpt_errors"), faults),
        faults=faults,
    )
    # No tracking domain can be registered yet, so none that a request names is a verified one (contract 10 §1).
    if tracking_domain := fields.text("tracking_domain", 253):
        faults.add_of_domain("7001", f"tracking domain '{tracking_domain}' is not registered")
    faults.raise_if_any(of_domains=False)
    return submission


def _decode(body: bytes, faults: Faults) -> tuple[Fields, msgspec.Raw]:
    decoded: _Body = json_typed(body if body.strip() not in (b"", b"[]") else b"{}", _Body)
    values = {name: getattr(decoded, name) for name in decoded.__struct_fields__}
    recipients = values.pop("recipients")
    return Fields(values, faults), recipients


def _is_to_one(fields: Fields, recipients: msgspec.Raw) -> bool:
    """Whether an A/B test, which is for one recipient, has one; nothing else asks."""
    content = fields.raw("content")
    if not isinstance(content, dict) or not content.get("ab_test_id"):
        return False
    sent = msgspec.json.decode(recipients)
    return isinstance(sent, list) and len(sent) == 1


def _read_list_id(recipients: msgspec.Raw, faults: Faults) -> str | None:
    """The id of a stored list; None for inline recipients."""
    first = bytes(recipients).lstrip()[:1]
    if first == b"[":
        return None
    sent = msgspec.json.decode(recipients)
    if sent is None or sent == {} or (isinstance(sent, dict) and sent.get("list_id", "") in (None, "")):
        if isinstance(sent, dict) and "address" in sent:
            faults.add("1300", "'recipients' must be an array or an object with list_id")
        else:
            faults.add("1400", "recipients or list_id required")
        return None
    list_id = sent.get("list_id") if isinstance(sent, dict) else None
    if isinstance(list_id, bool) or not isinstance(list_id, (str, int)):
        faults.add("1300", "'recipients' must be an array or an object with list_id")
        return None
    if "\0" in str(list_id):
        faults.add("1300", "recipients.list_id contains a NUL character")
    return str(list_id)


def _read_options(fields: Fields, schedule_horizon: timedelta, faults: Faults) -> Options:
    booleans = {
        name: fields.boolean(name)
        for name in (
            *("open_tracking", "click_tracking", "initial_open", "transactional"),
            # The original limits sandbox sending to protect its own domain; here it is ignored (contract 10 §2).
            *("sandbox", "skip_suppression", "inline_css", "perform_substitutions"),
        )
    }
    start_time = fields.text("start_time", 64)
    ip_pool = fields.text("ip_pool", 20, clean=True) or ""
    if fields.raw("dkim_key") not in (None, ""):
        # No key can be registered yet. This use of 1100 has words and a status of its own (contract 00 §6).
        detail = f"Invalid DKIM key ID {str(fields.raw('dkim_key'))[:64]}"
        faults.note(Fault("1100", detail, detail), status=400)
    as_sent: dict[str, Any] = {"start_time": start_time} if start_time else {}
    as_sent |= {name: value for name, value in booleans.items() if value is not None}
    if not as_sent.get("skip_suppression"):
        as_sent.pop("skip_suppression", None)
    if ip_pool:
        as_sent["ip_pool"] = ip_pool
    return Options(
        flags=TrackingFlags(booleans["open_tracking"], booleans["click_tracking"], booleans["initial_open"]),
        start_at=_read_start_time(start_time, schedule_horizon, faults),
        transactional=booleans["transactional"],
        skip_suppression=bool(booleans["skip_suppression"]),
        inline_css=bool(booleans["inline_css"]),
        perform_substitutions=booleans["perform_substitutions"] is not False,
        ip_pool=ip_pool,
        as_sent=as_sent,
    )


def _read_start_time(text: str | None, horizon: timedelta, faults: Faults) -> datetime | None:
    """When to start (contract 10 §9); None for at once."""
    if not text or text.lower() == "now":
        return None
    try:
        if not _START_TIME.match(text):
            raise ValueError("not a form of contract 10 §9")
        start = datetime.fromisoformat(text.upper())
        start = (start if start.tzinfo else start.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        faults.add("1300", f"invalid options.start_time: {text}")
        return None
    if start > clock.now() + horizon:
        faults.add("1300", f"options.start_time is more than {int(horizon.total_seconds())} seconds ahead")
    return start


def _read_override(fields: Fields, faults: Faults) -> Override:
    sender = read_mailbox(fields.raw("from"), "override.from", faults)
    if sender is not None:
        check_sender(sender, "override.from", faults)
    override = Override(
        sender=sender,
        reply_to=fields.text("reply_to", _MAX_HEADER_BYTES, clean=True) or None,
        list_id=(fields.text("list_id", _MAX_HEADER_BYTES, clean=True) or "").strip(" ") or None,
    )
    faults.extend(check_override(override))
    return override


def _read_return_path(fields: Fields, faults: Faults) -> str:
    """The envelope sender; template language is allowed in it (contract 10 §1)."""
    value = (fields.text("return_path", 1024, clean=True) or "").strip()
    if not value or "{{" in value:
        return value
    checked = parse_address(value)
    if checked is None:
        faults.add("1300", f"invalid return_path: {value[:320]}")
    return checked or ""
