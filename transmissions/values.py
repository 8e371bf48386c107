"""The plain values that travel from the request to the inbox (contract 10).

They are msgspec structs: decoded from JSON at C speed at the door, stored as JSON in chunks and snapshots,
and read back by the workers unchanged.
"""

from typing import Any

import msgspec


class TrackingFlags(msgspec.Struct, frozen=True, omit_defaults=True):
    """Three flags that each level sets or leaves alone; None is "not set" (contract 10 §2.1)."""

    open_tracking: bool | None = None
    click_tracking: bool | None = None
    initial_open: bool | None = None


class Recipient(msgspec.Struct, frozen=True, omit_defaults=True):
    """One accepted recipient: checked, its address split, nothing else changed (contract 10 §4.1).

    `email` is as given (a non-ASCII domain as A-label); `header_to` is None when absent, "" when sent empty.
    `tracking_declined` is the person's own word (docs/api.md, "Consent"): no level of options overrides it.
    """

    email: str
    name: str = ""
    header_to: str | None = None
    return_path: str = ""
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}
    substitution_data: dict[str, Any] = {}
    options: TrackingFlags = TrackingFlags()
    tracking_declined: bool = False


class Mailbox(msgspec.Struct, frozen=True, omit_defaults=True):
    """The From of a content: template language is allowed in each piece."""

    email: str
    name: str = ""


class Attachment(msgspec.Struct, frozen=True):
    """An attachment or inline image: `data` is base64 without line breaks, already found valid."""

    name: str
    type: str
    data: str


class Content(msgspec.Struct, frozen=True, omit_defaults=True):
    """Inline parts (contract 10 §6.2), or a pre-built message in `email_rfc822` with everything else empty.

    None is "absent"; "" is a value. Header values are strings here, null ones already left out.
    """

    sender: Mailbox | None = None
    subject: str | None = None
    text: str | None = None
    html: str | None = None
    amp_html: str | None = None
    reply_to: str | None = None
    headers: dict[str, str] = {}
    attachments: tuple[Attachment, ...] = ()
    inline_images: tuple[Attachment, ...] = ()
    email_rfc822: str | None = None


class Override(msgspec.Struct, frozen=True, omit_defaults=True):
    """What replaces parts of any content; no template language inside (contract 10 §3)."""

    sender: Mailbox | None = None
    reply_to: str | None = None
    list_id: str | None = None


class Job(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything about a transmission that generation needs, fixed when generation starts.

    Until then the content of a stored template is not in it, and `transactional` may be None: not decided.

    A test (`is_test`) is sent like any other, but leaves no trace in the statistics: nothing in it is tracked, and
    no event tells of it.

    `metadata` and `substitution_data` are the transmission's. `flags` holds the transmission's tracking flags and
    `template_flags` the stored template's; what neither sets, the msg_gen configuration decides.
    """

    transmission_id: int
    content: Content
    campaign_id: str = ""
    template_id: str = ""
    template_version: int = 0
    metadata: dict[str, Any] = {}
    substitution_data: dict[str, Any] = {}
    flags: TrackingFlags = TrackingFlags()
    template_flags: TrackingFlags = TrackingFlags()
    override: Override = Override()
    return_path: str = ""
    transactional: bool | None = None
    inline_css: bool = False
    perform_substitutions: bool = True
    skip_suppression: bool = False
    ip_pool: str = ""
    is_test: bool = False
