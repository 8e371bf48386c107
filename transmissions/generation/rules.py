"""What a caller may say in headers (contract 10 §3, §6.2, §6.3) and in attachments (§6.4)."""

import re
from collections.abc import Iterator, Mapping, Sequence

from momentum.lib.errors import Fault, fault
from transmissions.generation.attachments import decoded, is_media_type
from transmissions.values import Attachment, Content, Override

LONGEST_NAME = 255

_FIELD_NAME = re.compile(r"[!-9;-~]+")
_LIST_ID = re.compile(r"<[^<>@\s]+[.@][^<>@\s]+>")
_GENERATED = frozenset(
    ("content-type", "content-transfer-encoding", "mime-version", "to", "from", "subject", "reply-to")
)
# A Bcc field would show what it is meant to hide; X-MSYS-… are orders to the service, not to readers.
_DROPPED = frozenset(("bcc", "resent-bcc"))
_DROPPED_PREFIX = "x-msys-"
UNSUBSCRIBE = frozenset(("list-unsubscribe", "list-unsubscribe-post"))


def header_faults(content: Content) -> Iterator[Fault]:
    """Faults `3002` of subject, from, reply_to and custom headers, in that order."""
    written = {
        "subject": content.subject,
        "from": content.sender and content.sender.email + content.sender.name,
        "reply_to": content.reply_to,
    }
    for field, value in written.items():
        if value and has_break(value):
            yield fault("3002", f"content.{field} must not contain line breaks")
    for name, value in content.headers.items():
        problem = _problem(name, value)
        if problem:
            yield fault("3002", f"header '{_shown(name)}' {problem}")


def override_faults(override: Override) -> list[Fault]:
    """Faults of the overriding values: line breaks (`3002`), and a List-Id that is none (`3002`)."""
    faults = []
    sender = override.sender
    for field, value in (
        ("from", sender and sender.email + sender.name),
        ("reply_to", override.reply_to),
        ("list_id", override.list_id),
    ):
        if value and has_break(value):
            faults.append(fault("3002", f"override.{field} must not contain line breaks"))
    if override.list_id and not has_break(override.list_id) and not _LIST_ID.fullmatch(override.list_id):
        faults.append(fault("3002", "override.list_id must have the form <label.example.org>"))
    return faults


def attachment_faults(content: Content) -> Iterator[Fault]:
    """Faults `3010`: data that is no base64, a type that is none, two images of one name."""
    for field, attachments in (("attachments", content.attachments), ("inline_images", content.inline_images)):
        for index, attachment in enumerate(attachments):
            place = f"content.{field}[{index}]"
            if not is_media_type(attachment.type):
                yield fault("3010", f"{place}.type is not a media type")
            if decoded(attachment.data) is None:
                yield fault("3010", f"{place}.data is not valid base64")
    yield from _image_name_faults(content.inline_images)


def custom_headers(headers: Mapping[str, str], *, transactional: bool) -> dict[str, str]:
    """The headers that are sent: not those that are dropped, refused or generated; of equal names the last."""
    kept: dict[str, tuple[str, str]] = {}
    for name, value in headers.items():
        lower = name.lower()
        if is_dropped(lower) or _problem(name, ""):
            continue
        if lower in UNSUBSCRIBE and not transactional:
            continue
        kept[lower] = ("Cc" if lower == "cc" else name, value)
    return dict(kept.values())


def is_dropped(lower_name: str) -> bool:
    return lower_name in _DROPPED or lower_name.startswith(_DROPPED_PREFIX)


def has_break(value: str) -> bool:
    return "\r" in value or "\n" in value


def _problem(name: str, value: str) -> str:
    if not _FIELD_NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        return "is not a valid header name"
    if name.lower() in _GENERATED:
        return "must not be set here"
    return "must not contain line breaks" if has_break(value) else ""


def _shown(name: str) -> str:
    return name[:LONGEST_NAME].encode("unicode_escape").decode("ascii")


def _image_name_faults(images: Sequence[Attachment]) -> Iterator[Fault]:
    seen = set()
    for index, image in enumerate(images):
        if not image.name:
            yield fault("3010", f"content.inline_images[{index}].name is a required field")
        elif image.name in seen:
            yield fault("3010", f"content.inline_images[{index}].name is used twice")
        seen.add(image.name)
