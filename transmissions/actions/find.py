"""Transmissions as the API shows them (contract 10 §10, §11)."""

from typing import Any

import msgspec
from django.db.models import Q

from momentum.lib.errors import refuse
from transmissions.models import Snapshot, Transmission
from transmissions.progress import counts_of
from transmissions.values import Job

_MAX_ID_DIGITS = 19
# The chunk size that the API tells; what it stands for is an affair of the original's (contract 10 §10).
_TOLD_CHUNK_SIZE = 100


def by_id(text: str) -> Transmission:
    """The transmission of a path id. Raises ApiError `2001` when it is no number, `1600` when there is none."""
    if not (text.isascii() and text.isdecimal()):
        raise refuse("2001", f"invalid transmission id '{text[:64]}'")
    found = None
    if len(text) <= _MAX_ID_DIGITS and int(text) < 2**63:
        found = Transmission.objects.filter(id=int(text)).first()
    if found is None:
        raise refuse("1600", f"Resource not found:transmission id {text[:64]}")
    return found


def listed(campaign_id: str | None, template_id: str | None) -> list[dict[str, Any]]:
    """Summaries, newest first; single-recipient transmissions only while they are scheduled."""
    found = Transmission.objects.filter(
        ~Q(num_rcpts=1) | Q(state=Transmission.State.SUBMITTED, is_scheduled=True)
    ).order_by("-created_at", "-id")
    if campaign_id is not None:
        found = found.filter(campaign_id=campaign_id)
    if template_id is not None:
        found = found.filter(template_id=template_id).exclude(template_id="")
    return [
        {
            "id": str(transmission.id),
            "state": transmission.state,
            "campaign_id": transmission.campaign_id,
            "description": transmission.description,
            "content": {"template_id": transmission.template_id or "inline"},
        }
        for transmission in found.iterator(chunk_size=2000)
    ]


def shown(transmission: Transmission) -> dict[str, Any]:
    """Everything that GET tells of one transmission; typed clients need an object where there is no data."""
    job = _job(transmission)
    counts = counts_of([transmission])[transmission.id]
    told: dict[str, Any] = {
        "id": str(transmission.id),
        "state": transmission.state,
        "description": transmission.description,
        "campaign_id": transmission.campaign_id,
        "content": _content(transmission),
        "rcpt_list_chunk_size": _TOLD_CHUNK_SIZE,
        "rcpt_list_total_chunks": -(-transmission.num_rcpts // _TOLD_CHUNK_SIZE),
        "num_rcpts": transmission.num_rcpts,
        "num_generated": counts.generated,
        "num_failed_gen": counts.failed,
        "num_invalid_recipients": transmission.num_invalid_recipients,
        "total_recipients": transmission.num_rcpts,
        "num_failed_generation": counts.failed,
        "substitution_data": job.substitution_data if job else {},
        "metadata": job.metadata if job else {},
        "options": msgspec.json.decode(transmission.options),
    }
    if transmission.return_path:
        told["return_path"] = transmission.return_path
    for name in ("generation_start_time", "generation_end_time"):
        moment = getattr(transmission, name.replace("start_time", "started_at").replace("end_time", "ended_at"))
        if moment is not None:
            told[name] = f"{moment:%Y-%m-%dT%H:%M:%S}+00:00"
    return told


def _job(transmission: Transmission) -> Job | None:
    """None once it is not kept any longer (transmissions.retention)."""
    snapshot = Snapshot.objects.filter(transmission=transmission).first()
    return msgspec.json.decode(snapshot.job, type=Job) if snapshot else None


def _content(transmission: Transmission) -> dict[str, Any]:
    if not transmission.template_id:
        return {"template_id": "inline"}
    return {"template_id": transmission.template_id, "use_draft_template": transmission.use_draft_template}
