"""Plain builders of tokens for the tests of tracking."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tracking import keys
from tracking.tokens import Kind, LinkPart, MessagePart, Sealer

SENT_AT = int(datetime(2026, 3, 2, 9, tzinfo=UTC).timestamp())
TRANSMISSION = 7264018835521937410
RING = keys.load(Path("/nowhere"), "key-of-the-tests-0123456789-abcdefgh")
SEALER = Sealer(RING)


def make_message_part(**changes: Any) -> MessagePart:
    return MessagePart(
        **{
            "transmission": TRANSMISSION,
            "message": 4711,
            "block_time": SENT_AT - 60,
            "sent_at": SENT_AT,
            "rcpt_to": "Ines+spring@example.net",
            "tags": ("reader",),
            "metadata": {"issue": 12, "uid": "u-7"},
            "sent_with": 7,
            **changes,
        }
    )


def make_link_part(**changes: Any) -> LinkPart:
    return LinkPart(
        **{
            "kind": Kind.CLICK,
            "transmission": TRANSMISSION,
            "campaign_id": "spring-31",
            "template_id": "spring-notice",
            "template_version": 3,
            "sending_domain": "mail.example.org",
            "url": "https://shop.test/Faro",
            "name": "lead",
            "label": "lead",
            "position": 1,
            "part": "html",
            **changes,
        }
    )


def make_token(message: dict[str, Any] | None = None, **link: Any) -> str:
    """The last two segments of a tracked URL."""
    return f"{SEALER.message_part(make_message_part(**message or {}))}/{SEALER.link_part(make_link_part(**link))}"
