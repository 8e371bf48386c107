"""The `content` of a request: which kind it is, and inline parts read into values (contract 10 §6)."""

from dataclasses import dataclass
from typing import Any

from transmissions.addresses import domain_to_ascii, split_mailbox
from transmissions.reading import Faults, Fields, all_null
from transmissions.values import Attachment, Content, Mailbox

MAX_CONTENT_BYTES = 20 * 1024 * 1024
MAX_ATTACHMENT_NAME_BYTES = 255
_MAX_HEADERS = 200
_MAX_FIELD_BYTES = 64 * 1024
_INLINE_KEYS = (
    *("from", "subject", "html", "text", "amp_html", "reply_to", "headers", "attachments", "inline_images"),
)
_CONFLICTING_WITH_TEMPLATE = ("subject", "html", "text", "amp_html")


@dataclass(frozen=True, slots=True)
class TemplateReference:
    """Content that names a stored template."""

    template_id: str
    use_draft: bool


def read_content(body: Fields, faults: Faults, *, is_to_one: bool = False) -> Content | TemplateReference | None:
    """The content of a transmission, which is one to a single recipient or not; None when `faults` says why not."""
    given = body.raw("content")
    if all_null(given):
        faults.add("1400", "content object or template_id required")
        return None
    if not isinstance(given, dict):
        faults.add("1300", "'content' must be an object")
        return None
    fields = body.fields("content")
    if fields.raw("ab_test_id") not in (None, ""):
        _refuse_ab_test(fields, faults, is_to_one)
        return None
    if fields.raw("template_id") not in (None, ""):
        return _read_template_reference(fields, faults)
    if fields.raw("email_rfc822") not in (None, ""):
        if any(not _empty(fields.raw(key)) for key in _INLINE_KEYS):
            faults.add("1301", "email_rfc822 must not be combined with other content")
        return read_prebuilt(fields, faults)
    return read_inline_parts(fields, faults)


def read_inline_parts(fields: Fields, faults: Faults, *, complete: bool = True) -> Content | None:
    """Parts and headers of inline content (contract 10 §6.2); with `complete`, from and subject must be there."""
    sender = _read_sender(fields, faults) if complete or fields.has("from") else None
    subject = fields.text("subject", _MAX_FIELD_BYTES, clean=True)
    if complete and not fields.has("subject"):
        faults.add("1400", "content.subject is a required field")
    html, text, amp_html = (fields.text(name) for name in ("html", "text", "amp_html"))
    if not any(fields.raw(name) for name in ("html", "text")):
        faults.add("1400", "at least one of text or html needs to exist in content")
    content = Content(
        sender=sender,
        subject=subject,
        text=_without_nul(text),
        html=_without_nul(html),
        amp_html=_without_nul(amp_html) or None,
        reply_to=fields.text("reply_to", _MAX_FIELD_BYTES, clean=True) or None,
        headers=_read_headers(fields, faults),
        attachments=_read_files(fields, "attachments", faults),
        inline_images=_read_files(fields, "inline_images", faults),
    )
    if content_size(content) > MAX_CONTENT_BYTES:
        faults.add("1300", f"content exceeds {MAX_CONTENT_BYTES} bytes")
    return content


def read_prebuilt(fields: Fields, faults: Faults) -> Content:
    """A pre-built message (contract 10 §6.5)."""
    content = Content(email_rfc822=_without_nul(fields.text("email_rfc822")))
    if content_size(content) > MAX_CONTENT_BYTES:
        faults.add("1300", f"content exceeds {MAX_CONTENT_BYTES} bytes")
    return content


def content_size(content: Content) -> int:
    """Bytes that count towards the limit: parts as UTF-8, files as the base64 that was sent (contract 00 §8)."""
    parts = (content.text, content.html, content.amp_html, content.email_rfc822)
    files = (*content.attachments, *content.inline_images)
    return sum(len(part.encode()) for part in parts if part) + sum(len(file.data) for file in files)


def read_mailbox(value: Any, path: str, faults: Faults) -> Mailbox | None:
    """A From in either form, `a@b.test`, `Name <a@b.test>` or an object; None when absent or faulty."""
    if isinstance(value, str):
        name, email = split_mailbox(value)
        if "\0" in value:
            faults.add("1300", f"{path} contains a NUL character")
        return Mailbox(email=email, name=name) if email else None
    if isinstance(value, dict):
        fields = Fields(value, faults, path)
        email = fields.text("email", _MAX_FIELD_BYTES, clean=True) or ""
        return Mailbox(email=email.strip(), name=fields.text("name", _MAX_FIELD_BYTES, clean=True) or "")
    if value is not None:
        faults.add("1300", f"'{path}' must be a string or an object")
    return None


def check_sender(sender: Mailbox, path: str, faults: Faults) -> None:
    """What can be said about a From before it is rendered (contract 10 §6.2)."""
    email = sender.email
    if "{{" in email:
        return
    if email.count("@") > 1 and "," in email:
        faults.add_of_domain("7001", "No sending domain specified")
        return
    local, at, domain = email.rpartition("@")
    if (not at and email and domain_to_ascii(email) is not None and "." in email) or (at and not local):
        faults.add_of_domain("2008", f"no local part specified in sender address {email}")
    elif not at or domain_to_ascii(domain) is None or any(sign.isspace() for sign in local):
        faults.add("1300", f"invalid {path}: {email[:320]}")


def _refuse_ab_test(fields: Fields, faults: Faults, is_to_one: bool) -> None:
    if not is_to_one:
        faults.add("1301", "ab_test_id takes exactly one recipient")
    elif any(not _empty(fields.raw(key)) for key in ("template_id", "email_rfc822", *_INLINE_KEYS)):
        faults.add("1301", "ab_test_id must not be combined with other content")
    else:
        # A/B tests are not built: none exists that could be named (contract 10 §6.1).
        faults.add("1603", f"ab_test_id '{str(fields.raw('ab_test_id'))[:64]}' does not exist")


def _read_template_reference(fields: Fields, faults: Faults) -> TemplateReference:
    if any(fields.raw(key) is not None for key in _CONFLICTING_WITH_TEMPLATE):
        faults.add("1301", "Both content object and template_id are specified")
    elif fields.raw("email_rfc822") not in (None, ""):
        faults.add("1301", "email_rfc822 must not be combined with template_id")
    value = fields.raw("template_id")
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        faults.add("1300", "'content.template_id' must be a string")
    elif "\0" in str(value):
        faults.add("1300", "content.template_id contains a NUL character")
    return TemplateReference(str(value), bool(fields.boolean("use_draft_template")))


def _read_sender(fields: Fields, faults: Faults) -> Mailbox | None:
    sender = read_mailbox(fields.raw("from"), "content.from", faults)
    if sender is None or not sender.email:
        faults.add("1400", "content.from is a required field")
        return None
    check_sender(sender, "content.from", faults)
    return sender


def _read_headers(fields: Fields, faults: Faults) -> dict[str, str]:
    headers: dict[str, str] = {}
    for name, value in fields.object("headers").items():
        match value:
            case None:
                continue
            case bool():
                headers[name] = "true" if value else "false"
            case str() | int() | float():
                headers[name] = str(value)
            case _:
                faults.add("1300", f"'content.headers.{name}' must be a string")
        if "\0" in name or "\0" in headers.get(name, ""):
            faults.add("1300", f"header {name[:80]!r} contains a NUL character")
    if len(headers) > _MAX_HEADERS:
        faults.add("1300", f"content.headers has more than {_MAX_HEADERS} members")
    return headers


def _read_files(fields: Fields, name: str, faults: Faults) -> tuple[Attachment, ...]:
    files = []
    for position, element in enumerate(fields.array(name)):
        path = f"{fields.name_of(name)}[{position}]"
        if not isinstance(element, dict):
            faults.add("1300", f"'{path}' must be an object")
            continue
        file = Fields(element, faults, path)
        title = file.text("name", MAX_ATTACHMENT_NAME_BYTES, clean=True)
        kind, data = file.text("type", 998, clean=True), file.text("data")
        for required in ("name", "type", "data"):
            if not file.has(required):
                faults.add("1400", f"{path}.{required} is a required field")
        if title is not None and kind is not None and data is not None:
            files.append(Attachment(name=title, type=kind, data="".join(data.split())))
    return tuple(files)


def _without_nul(text: str | None) -> str | None:
    return text.replace("\0", "") if text and "\0" in text else text


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})
