"""The page of one transmission: what each of its pieces shows."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import msgspec
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from momentum.lib import clock
from transmissions.models import Message, Transmission
from transmissions.progress import Counts, counts_of
from transmissions.transmission_pages import content, rows, speed
from transmissions.values import Job

_State = Transmission.State
_WORKING_MS, _WAITING_MS = 1000, 5000
# Presets of the Engagement report (contract 90 §2): the shortest that holds the whole transmission is linked.
_PERIODS = (("1h", 1 / 24), ("24h", 1), ("7d", 7), ("10d", 10), ("14d", 14), ("30d", 30), ("90d", 90))
_LONGEST_NUMBER = 18


@dataclass(frozen=True, slots=True)
class Tab:
    """Messages in one state."""

    state: str
    label: str
    count: str
    is_chosen: bool


def whole(request: HttpRequest, transmission: Transmission) -> dict[str, Any]:
    """Everything on the page."""
    job = content.stored_job(transmission)
    return {
        **live(request, transmission),
        "engagement_url": engagement_url(transmission),
        "asked": _asked(transmission, job),
        "data": [
            (name, json.dumps(value, ensure_ascii=False, indent=2))
            for name, value in (("Substitution data", job.substitution_data), ("Metadata", job.metadata))
            if value
        ],
        **_content(transmission, job),
        **_messages(request, transmission),
    }


def live(request: HttpRequest, transmission: Transmission) -> dict[str, Any]:
    """What refreshes by itself."""
    counts = counts_of([transmission])[transmission.id]
    now = clock.now()
    measured = speed.measure(counts.generated + counts.failed, now, request.GET.get("samples", "")[:80])
    is_working = transmission.state == _State.GENERATING and not transmission.is_paused
    return {
        "transmission": transmission,
        "state": state_of(transmission),
        "is_under_way": transmission.state in (_State.SUBMITTED, _State.GENERATING),
        "starts_later": transmission.state == _State.SUBMITTED and transmission.start_at > now,
        "figures": _figures(counts),
        "bar": _bar(counts),
        "rate": f"{measured.rate:,.0f}" if is_working and measured.rate is not None else "",
        "left": speed.in_words(measured.seconds_left(counts.waiting)) if is_working else "",
        "refresh_ms": _refresh_ms(transmission, counts),
        "refresh_query": urlencode({"samples": measured.samples, "state": _chosen_state(request, counts)}),
        "tabs": _tabs(request, counts),
        "may_change": request.user.has_perm("transmissions.change_transmission"),
    }


def state_of(transmission: Transmission) -> str:
    """The contract's state, or what stands in its way or before it."""
    if transmission.is_paused:
        return "Paused"
    if transmission.state == _State.SUBMITTED:
        return "Scheduled" if transmission.start_at > clock.now() else "Submitted"
    return transmission.state


def engagement_url(transmission: Transmission) -> str:
    """The Engagement report of its campaign; "" without one."""
    if not transmission.campaign_id:
        return ""
    age = clock.now() - transmission.created_at
    period = next((name for name, days in _PERIODS if age < timedelta(days=days)), _PERIODS[-1][0])
    try:
        address = reverse("reports:engagement")
    except NoReverseMatch:
        return ""
    return f"{address}?{urlencode({'period': period, 'campaigns': transmission.campaign_id})}"


def _figures(counts: Counts) -> list[tuple[str, str, str]]:
    """Label, number and key of each figure."""
    named = [
        ("Recipients", counts.recipients, "recipients"),
        ("Generated", counts.generated, "generated"),
        ("Failed to generate", counts.failed - counts.rejected, "failed"),
        ("Delivered", counts.delivered, "delivered"),
        ("Deferred", counts.deferred, "deferred"),
        ("Bounced", counts.bounced, "bounced"),
    ]
    if counts.rejected:
        named.append(("Suppressed", counts.rejected, "rejected"))
    if counts.canceled:
        named.append(("Canceled", counts.canceled, "canceled"))
    return [(label, f"{number:,}", key) for label, number, key in named]


def _bar(counts: Counts) -> list[tuple[str, str, str]]:
    """Key, label and share in percent of each piece of the bar."""
    keys = ("delivered", "deferred", "bounced", "failed", "rejected", "canceled", "waiting")
    pieces = [(key, counts.of_state(key) or 0) for key in keys]
    whole = sum(count for _, count in pieces) or 1
    return [(key, f"{count:,} {key}", f"{100 * count / whole:.3f}") for key, count in pieces if count]


def _refresh_ms(transmission: Transmission, counts: Counts) -> int:
    """How often the page asks again; 0 when nothing more will happen."""
    soon = transmission.start_at <= clock.now() + timedelta(minutes=1)
    begins = transmission.state == _State.SUBMITTED and soon
    if not transmission.is_paused and (begins or transmission.state == _State.GENERATING):
        return _WORKING_MS
    return _WAITING_MS if counts.waiting or counts.deferred else 0


def _tabs(request: HttpRequest, counts: Counts) -> list[Tab]:
    chosen = _chosen_state(request, counts)
    return [
        Tab(str(value), str(label), "" if count is None else f"{count:,}", value == chosen)
        for value, label in Message.State.choices
        for count in (counts.of_state(value),)
    ]


def _chosen_state(request: HttpRequest, counts: Counts) -> str:
    """The state that was asked for, else the first that has messages."""
    states = [str(value) for value in Message.State.values]
    asked = request.GET.get("state", "")
    return asked if asked in states else next((state for state in states if counts.of_state(state)), states[0])


def _messages(request: HttpRequest, transmission: Transmission) -> dict[str, Any]:
    text = request.GET.get("address", "").strip().replace("\0", "")[: rows.LONGEST_SEARCH]
    if text:
        return {"address": text, "page": rows.search(transmission, text)}
    counts = counts_of([transmission])[transmission.id]
    state = _chosen_state(request, counts)
    page = rows.of_state(transmission, state, before=_number(request, "before"), after=_number(request, "after"))
    is_begun = bool(counts.generated or counts.failed or counts.canceled)
    return {"address": "", "page": page, "chosen": state, "is_begun": is_begun}


def _number(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER else None


def _asked(transmission: Transmission, job: Job) -> list[tuple[str, str | datetime | None]]:
    """Label and value of what the request said; what it left out is left out here."""
    options = msgspec.json.decode(transmission.options)
    template = f"{transmission.template_id} ({'draft' if transmission.use_draft_template else 'published'})"
    version = f", version {job.template_version}" if job.template_version else ""
    values: list[tuple[str, str | datetime | None]] = [
        ("ID", str(transmission.id)),
        ("Description", transmission.description),
        ("Test", "sent from the page of its template; in no statistics" if transmission.is_test else ""),
        ("Template", template + version if transmission.template_id else ""),
        ("Recipient list", transmission.list_id),
        ("Return path", transmission.return_path),
        *((name, str(value).lower() if isinstance(value, bool) else str(value)) for name, value in options.items()),
        (
            "Refused recipients",
            f"{transmission.num_invalid_recipients:,}" if transmission.num_invalid_recipients else "",
        ),
        ("Created", transmission.created_at),
        ("Starts" if transmission.generation_started_at is None else "Start", transmission.start_at),
        ("Generation began", transmission.generation_started_at),
        ("Generation ended", transmission.generation_ended_at),
    ]
    return [(label, value) for label, value in values if value not in ("", None)]


def _content(transmission: Transmission, job: Job) -> dict[str, Any]:
    shown = content.shown(transmission, job)
    said = shown.content
    head = [
        ("From", _sender(job, said)),
        ("Reply-To", job.override.reply_to or said.reply_to),
        ("Subject", said.subject),
        *said.headers.items(),
    ]
    return {
        "content_note": shown.note,
        "content_head": [(name, value) for name, value in head if value],
        "files": [*said.attachments, *said.inline_images],
        "has_html": bool(said.html),
        "text": said.email_rfc822 or said.text or "",
        "frame_sandbox": content.FRAME_SANDBOX,
    }


def _sender(job: Job, said: Any) -> str:
    sender = job.override.sender or said.sender
    if sender is None:
        return ""
    name = sender.name or (said.sender.name if said.sender else "")
    return f"{name} <{sender.email}>" if name else str(sender.email)
