"""What stands in the editor, as a value: read from a version, read from the form, turned into a request's body.

No Django: the rules of templates are those of the API, which the same actions apply.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from transmissions.addresses import split_mailbox
from transmissions.template_pages.problems import HEADERS, Problem

TEXTS = (
    *("name", "description", "from_name", "from_email", "subject", "reply_to"),
    *("html", "text", "amp_html", "headers", "email_rfc822", "test_data"),
)
OPTIONS = ("open_tracking", "initial_open", "click_tracking", "transactional")
_STATES = {"on": True, "off": False}


@dataclass(frozen=True, slots=True)
class Draft:
    """The fields of the form; `options` are "on", "off" or "" (unset); `headers` has one `Name: value` a line."""

    key: str = ""
    name: str = ""
    description: str = ""
    from_name: str = ""
    from_email: str = ""
    subject: str = ""
    reply_to: str = ""
    html: str = ""
    text: str = ""
    amp_html: str = ""
    headers: str = ""
    email_rfc822: str = ""
    test_data: str = ""
    is_prebuilt: bool = False
    options: Mapping[str, str] = field(default_factory=dict)


def of_version(
    key: str, name: str, description: str, options: Mapping[str, bool], content: Mapping[str, Any]
) -> Draft:
    """What the editor shows of a stored version."""
    sender = content.get("from")
    from_name, from_email = _mailbox(sender)
    texts = {name: str(content.get(name) or "") for name in ("subject", "reply_to", "html", "text", "amp_html")}
    return Draft(
        key=key,
        name=name,
        description=description,
        from_name=from_name,
        from_email=from_email,
        headers="\n".join(f"{name}: {_shown(value)}" for name, value in _headers(content).items()),
        email_rfc822=_lines(str(content.get("email_rfc822") or "")),
        is_prebuilt="email_rfc822" in content,
        options={name: "on" if options[name] else "off" for name in OPTIONS if name in options},
        **{name: _lines(text) for name, text in texts.items()},
    )


def read(form: Mapping[str, str]) -> Draft:
    """What was sent of the form; browsers send every line break as CRLF."""
    values = {name: _lines(form.get(name, "")) for name in TEXTS}
    options = {name: form.get(name, "") for name in OPTIONS}
    return Draft(
        key=form.get("key", ""),
        is_prebuilt=form.get("is_prebuilt") == "1",
        options={name: state for name, state in options.items() if state in _STATES},
        **values,
    )


def body(draft: Draft, stored: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """Name, description, options and content as a request has them, and what cannot be said in one.

    `stored` is the content as it was: what the form does not change keeps the form it was given in.
    """
    content, problems = _content(draft, stored)
    return {
        "name": draft.name or None,
        "description": draft.description,
        "options": {name: _STATES[state] for name, state in draft.options.items()},
        "content": content,
    }, problems


def is_transactional(draft: Draft) -> bool | None:
    """None where the form leaves it to the installation."""
    return _STATES.get(draft.options.get("transactional", ""))


def _content(draft: Draft, stored: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    if draft.is_prebuilt:
        return {"email_rfc822": _kept(stored.get("email_rfc822"), draft.email_rfc822)}, []
    headers, problems = _read_headers(draft.headers, _headers(stored))
    content: dict[str, Any] = {"subject": _kept(stored.get("subject"), draft.subject)}
    if draft.from_email or draft.from_name:
        content["from"] = _sender(draft, stored.get("from"))
    for name in ("reply_to", "html", "text", "amp_html"):
        if text := getattr(draft, name):
            content[name] = _kept(stored.get(name), text)
    if headers:
        content["headers"] = headers
    return content, problems


def _sender(draft: Draft, stored: Any) -> Any:
    if _mailbox(stored) == (draft.from_name, draft.from_email):
        return stored
    name = {"name": draft.from_name} if draft.from_name else {}
    return {"email": draft.from_email, **name}


def _mailbox(sender: Any) -> tuple[str, str]:
    if isinstance(sender, Mapping):
        return str(sender.get("name") or ""), str(sender.get("email") or "")
    return split_mailbox(sender) if isinstance(sender, str) else ("", "")


def _read_headers(text: str, stored: Mapping[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    headers: dict[str, Any] = {}
    problems = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        name, colon, value = line.partition(":")
        name, value = name.strip(), value.strip()
        if not colon or not name:
            problems.append(Problem(HEADERS, "expected a header as Name: value", line=number))
        elif name in headers:
            problems.append(Problem(HEADERS, f"header {name[:80]} is given twice", line=number))
        else:
            before = stored.get(name)
            headers[name] = before if before is not None and _shown(before) == value else value
    return headers, problems


def _headers(content: Mapping[str, Any]) -> dict[str, Any]:
    found = content.get("headers")
    return {name: value for name, value in found.items() if value is not None} if isinstance(found, dict) else {}


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _kept(stored: Any, text: str) -> str:
    """Text with the line breaks it was stored with, where nothing else of it has changed."""
    return stored if isinstance(stored, str) and _lines(stored) == text else text


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")
