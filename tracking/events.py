"""What can happen to one copy of a message (contract 60): the event types and the event itself."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID


class EventType(StrEnum):
    """The types that this installation emits (contract 60 §1)."""

    INJECTION = "injection"  # generated, accepted for delivery
    DELIVERY = "delivery"  # the remote server acknowledged receipt
    DELAY = "delay"  # the remote server refused for now; one for each failed attempt
    BOUNCE = "bounce"  # refused for good, retries used up, or cancelled by us (class 25)
    OUT_OF_BAND = "out_of_band"  # a bounce message arrived after a delivery
    POLICY_REJECTION = "policy_rejection"  # refused by our policy at reception
    SPAM_COMPLAINT = "spam_complaint"  # a feedback report says spam
    GENERATION_FAILURE = "generation_failure"  # a template or MIME fault for one recipient
    GENERATION_REJECTION = "generation_rejection"  # generation refused by policy (suppression)
    OPEN = "open"  # the bottom pixel was loaded
    INITIAL_OPEN = "initial_open"  # the top pixel was loaded
    CLICK = "click"  # a tracked link was followed
    AMP_OPEN = "amp_open"
    AMP_INITIAL_OPEN = "amp_initial_open"
    AMP_CLICK = "amp_click"
    LIST_UNSUBSCRIBE = "list_unsubscribe"  # the mail client's unsubscribe function
    LINK_UNSUBSCRIBE = "link_unsubscribe"  # a link tagged as unsubscribe link was followed


OPEN_TYPES = frozenset({EventType.OPEN, EventType.INITIAL_OPEN, EventType.AMP_OPEN, EventType.AMP_INITIAL_OPEN})
CLICK_TYPES = frozenset({EventType.CLICK, EventType.AMP_CLICK})


@dataclass(frozen=True, slots=True)
class Event:
    """One record of the event log, with every dimension that readers group and filter by.

    `message` is the message's number (momentum.lib.ids), the member of all unique counts. Dimensions without
    a value are "". `link_label` is the row of the link in reports: its name, or its URL if unnamed
    (contract 80 §7). `traffic` is the class of an engagement hit: human, prefetch, scanner or unknown. `sent_with`
    holds the settings of that copy as bits (tracking.tokens.SENT_WITH_…), 0 where it was never generated.
    `data` holds every other field of contract 60 §2 in the form of the Events API, ready to be shown.
    """

    event_id: UUID
    type: EventType
    happened_at: datetime
    message: int
    rcpt_to: str
    transmission: int | None = None
    campaign_id: str = ""
    template_id: str = ""
    recipient_domain: str = ""
    sending_domain: str = ""
    sending_ip: str = ""
    ip_pool: str = ""
    mailbox_provider: str = ""
    mailbox_provider_region: str = ""
    subject_campaign: str = ""
    link_label: str = ""
    reason: str = ""
    bounce_class: int | None = None
    num_retries: int = 0
    msg_size: int = 0
    queue_time: int = 0
    is_prefetched: bool = False
    traffic: str = ""
    sent_with: int = 0
    data: dict[str, Any] = field(default_factory=dict)
