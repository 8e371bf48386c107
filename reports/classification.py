"""Bounce classification codes and their categories (contract 80 §6, §9)."""

from enum import IntEnum
from typing import NamedTuple


class Category(IntEnum):
    """What a bounce says about the address; the value is `bounce_category_id`."""

    UNDETERMINED = 0
    HARD = 1
    SOFT = 2
    BLOCK = 3
    ADMIN = 4

    @property
    def label(self) -> str:
        return self.name.capitalize()


class BounceClass(NamedTuple):
    code: int
    name: str
    description: str
    category: Category


UNDETERMINED_CODE = 1
ADMIN_CODE = 25

CLASSES = {
    entry.code: entry
    for entry in (
        BounceClass(1, "Undetermined", "response text not recognised", Category.UNDETERMINED),
        BounceClass(10, "Invalid Recipient", "recipient invalid", Category.HARD),
        BounceClass(20, "Soft Bounce", "soft bounce", Category.SOFT),
        BounceClass(21, "DNS Failure", "DNS failure", Category.SOFT),
        BounceClass(22, "Mailbox Full", "mailbox over quota", Category.SOFT),
        BounceClass(23, "Too Large", "message too large for the recipient", Category.SOFT),
        BounceClass(24, "Timeout", "timed out", Category.SOFT),
        BounceClass(25, "Admin Failure", "failed by our policies", Category.ADMIN),
        BounceClass(30, "Generic Bounce: No RCPT", "no recipient could be determined", Category.HARD),
        BounceClass(40, "Generic Bounce", "unspecified reasons", Category.SOFT),
        BounceClass(50, "Mail Block", "blocked by the receiver", Category.BLOCK),
        BounceClass(51, "Spam Block", "blocked as known spam source", Category.BLOCK),
        BounceClass(52, "Spam Content", "blocked as spam", Category.BLOCK),
        BounceClass(53, "Prohibited Attachment", "blocked for an attachment", Category.BLOCK),
        BounceClass(54, "Relaying Denied", "blocked, relaying denied", Category.BLOCK),
        BounceClass(60, "Auto-Reply", "vacation/auto reply", Category.SOFT),
        BounceClass(70, "Transient Failure", "delivery temporarily delayed", Category.SOFT),
        BounceClass(80, "Subscribe", "subscribe request", Category.ADMIN),
        BounceClass(90, "Unsubscribe", "unsubscribe request", Category.HARD),
        BounceClass(100, "Challenge-Response", "challenge-response probe", Category.SOFT),
    )
}


def bounce_class(code: int | None) -> BounceClass:
    """The entry of a code; an unknown or missing one counts as Undetermined."""
    return CLASSES.get(code or UNDETERMINED_CODE, CLASSES[UNDETERMINED_CODE])
