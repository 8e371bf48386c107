"""The events of a message, with all their dimensions (contract 60 §2, §3)."""

import hashlib
import hmac
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.conf import settings

from momentum.lib import clock, ids
from tracking.events import Event, EventType
from transmissions.addresses import domain_of
from transmissions.delivery import canonical_reason
from transmissions.generation import metadata
from transmissions.pipeline.slots import NODE
from transmissions.pipeline.texts import storable
from transmissions.pipeline.work import Attempt, Canceled, Failed, Settled
from transmissions.providers import mailbox_provider
from transmissions.suppression import list_ids
from transmissions.values import Job, Recipient

CUSTOMER_ID = "1"
DEFAULT_IP_POOL = "default"
# Contract 10 §8: internal refusals carry this code.
_INTERNAL = "554"
_ADMIN_FAILURE = 25


def of_settled(settled: Settled) -> Iterator[Event]:
    """The injection at the first attempt, then what the attempt came to."""
    attempt, outcome = settled.attempt, settled.outcome
    common = _of_generated(settled)
    if attempt.attempts == 0:
        yield _event(settled.job, attempt, EventType.INJECTION, attempt.injected_at, 0, common)
    number = attempt.attempts
    queue_time = max(0, int((outcome.finished_at - attempt.injected_at).total_seconds() * 1000))
    common["columns"] |= {"num_retries": number, "queue_time": queue_time}
    common["data"] |= _of_dialogue(settled)
    if outcome.result == "delivered":
        yield _event(settled.job, attempt, EventType.DELIVERY, outcome.finished_at, number, common)
        return
    common["columns"] |= {"reason": canonical_reason(outcome.reply), "bounce_class": outcome.bounce_class or 1}
    common["data"] |= {"raw_reason": outcome.reply, "error_code": str(outcome.error_code or _INTERNAL)}
    deferred = outcome.result == "deferred"
    event_type = EventType.DELAY if deferred else EventType.BOUNCE
    yield _event(settled.job, attempt, event_type, outcome.finished_at, number, common)


def of_failed(failed: Failed) -> Event:
    """The generation failure or rejection of one recipient; its data shows the substitution data used."""
    job, recipient, reason = failed.job, failed.recipient, storable(failed.failure.reason)
    data = _of_recipient(job, recipient, failed.number, failed.block_time) | {
        "error_code": _INTERNAL,
        "raw_reason": reason,
        "rcpt_subs": job.substitution_data | recipient.substitution_data,
    }
    if failed.is_rejected:
        data |= _literal_headers(job)
    event_type = EventType.GENERATION_REJECTION if failed.is_rejected else EventType.GENERATION_FAILURE
    return Event(
        event_id=ids.message_event_id(failed.number, event_type, 0),
        type=event_type,
        bounce_class=_ADMIN_FAILURE if failed.is_rejected else None,
        happened_at=failed.failed_at,
        message=failed.number,
        rcpt_to=recipient.email.lower(),
        reason=reason,
        sending_domain=_literal_sending_domain(job),
        **_dimensions(job, recipient),
        data=data,
    )


def of_canceled(canceled: Canceled) -> Event:
    """The administrative bounce of a message that is given up by us (contract 10 §13)."""
    job, recipient, reason = canceled.job, canceled.recipient, canceled.reason
    data = _of_recipient(job, recipient, canceled.number, canceled.block_time)
    return Event(
        event_id=ids.message_event_id(canceled.number, EventType.BOUNCE, 0),
        type=EventType.BOUNCE,
        happened_at=canceled.canceled_at,
        message=canceled.number,
        rcpt_to=recipient.email.lower(),
        reason=reason,
        bounce_class=_ADMIN_FAILURE,
        sending_domain=_literal_sending_domain(job),
        **_dimensions(job, recipient),
        data=data | {"error_code": _INTERNAL, "raw_reason": reason},
    )


def _event(
    job: Job, attempt: Attempt, event_type: EventType, when: datetime, number: int, common: dict[str, Any]
) -> Event:
    return Event(
        event_id=ids.message_event_id(attempt.number, event_type, number),
        type=event_type,
        happened_at=when,
        message=attempt.number,
        rcpt_to=attempt.recipient.email.lower(),
        **_dimensions(job, attempt.recipient),
        **common["columns"],
        data=dict(common["data"]),
    )


def _of_generated(settled: Settled) -> dict[str, Any]:
    """Columns and data that every event of a generated message carries."""
    attempt, generated = settled.attempt, settled.attempt.generated
    return {
        "columns": {
            "sending_domain": storable(generated.sending_domain),
            "subject_campaign": storable(generated.subject),
            "sending_ip": settled.outcome.local_ip,
            "msg_size": len(generated.data),
            "sent_with": generated.flags.sent_with,
        },
        "data": _of_recipient(settled.job, attempt.recipient, attempt.number, settled.block_time)
        | {
            "friendly_from": storable(generated.friendly_from),
            "msg_from": storable(generated.envelope_from),
            "subject": storable(generated.subject),
            "injection_time": clock.iso_milliseconds(attempt.injected_at),
            "open_tracking": generated.flags.open,
            "click_tracking": generated.flags.click,
            "initial_pixel": generated.flags.initial_open,
            "amp_enabled": generated.flags.amp,
        },
    }


def _of_dialogue(settled: Settled) -> dict[str, Any]:
    outcome = settled.outcome
    data: dict[str, Any] = {"delv_method": "esmtp"}
    if outcome.remote_ip:
        data["ip_address"] = outcome.remote_ip
    if outcome.tls is not None:
        data["outbound_tls"] = "1" if outcome.tls else "0"
    return data


def _of_recipient(job: Job, recipient: Recipient, number: int, block_time: int) -> dict[str, Any]:
    data: dict[str, Any] = {
        "customer_id": CUSTOMER_ID,
        "message_id": ids.message_id(number, block_time),
        "raw_rcpt_to": recipient.email,
        "rcpt_hash": recipient_hash(recipient.email.lower()),
        "rcpt_meta": metadata.merged(recipient.metadata, job.metadata),
        "rcpt_tags": list(recipient.tags),
        "routing_domain": domain_of(recipient.email),
        "recv_method": "rest",
        "transactional": "1" if job.transactional else "0",
        "node_name": NODE,
    }
    if job.template_version:
        data["template_version"] = str(job.template_version)
    if job.override.list_id:
        # Not the contract's: it says which list an unsubscribe is about.
        data["list_id"] = list_ids.of_header(job.override.list_id)
    return data


def _dimensions(job: Job, recipient: Recipient) -> dict[str, Any]:
    domain = domain_of(recipient.email)
    provider, region = mailbox_provider(domain)
    return {
        "transmission": job.transmission_id,
        "campaign_id": job.campaign_id,
        "template_id": job.template_id,
        "recipient_domain": domain,
        "ip_pool": job.ip_pool or DEFAULT_IP_POOL,
        "mailbox_provider": provider,
        "mailbox_provider_region": region,
    }


def _literal_sending_domain(job: Job) -> str:
    """The domain of From where nothing had to be rendered to know it."""
    sender = job.override.sender or job.content.sender
    return domain_of(sender.email) if sender is not None and "{{" not in sender.email else ""


def _literal_headers(job: Job) -> dict[str, str]:
    """Address of From and subject, as far as they are the same for everyone: nothing has been rendered."""
    sender = job.override.sender or job.content.sender
    written = {"friendly_from": sender.email if sender else "", "subject": job.content.subject or ""}
    return {name: value for name, value in written.items() if value and "{{" not in value}


def recipient_hash(rcpt_to: str) -> str:
    """SHA-1 of the lower-case address, salted for this installation (contract 60 §3)."""
    return hmac.new(_salt(), rcpt_to.encode(), hashlib.sha1).hexdigest()


@lru_cache(maxsize=1)
def _salt() -> bytes:
    return hashlib.sha256(f"rcpt_hash:{settings.SECRET_KEY}".encode()).digest()
