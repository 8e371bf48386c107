"""Sandbox mail in the admin: the list, a message, its parts, and deleting."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.http import content_disposition_header
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from sandbox import frame
from sandbox.linking import linked
from sandbox.listing import listing
from sandbox.mailbox import Entry, Mailbox
from sandbox.parsing import Parsed, parse

NOTHING_CHANGED = 204
TABS = ("html", "text", "headers", "source")
LONGEST_SOURCE = 300_000


view_mail = permission_required("sandbox.view_mail", raise_exception=True)
delete_mail = permission_required("sandbox.delete_mail", raise_exception=True)


def mailbox() -> Mailbox:
    return Mailbox(settings.MOMENTUM_HOME / "sandbox")


@require_safe
@view_mail
def mail_list(request: HttpRequest) -> HttpResponse:
    """The list; htmx asks for its rows alone, and gets 204 while `version` is still what it has."""
    box = mailbox()
    version = box.version()
    is_refresh = request.headers.get("HX-Request") == "true"
    if is_refresh and request.GET.get("version") == version:
        return HttpResponse(status=NOTHING_CHANGED)
    query = request.GET.get("q", "").strip()[:200]
    found = listing(box, query, _page(request), request.GET.get("until", "")[:40])
    context = {
        "listing": found,
        "query": query,
        "version": version,
        "page_numbers": _page_numbers(found.page, found.pages),
        "has_relay": bool(settings.SMTP_URL),
        "may_delete": request.user.has_perm("sandbox.delete_mail"),
    }
    if is_refresh:
        return TemplateResponse(request, "sandbox/rows.html", context)
    return _admin_page(request, "sandbox/list.html", "Sandbox mail", context)


@require_safe
@view_mail
def message_page(request: HttpRequest, name: str) -> HttpResponse:
    entry, data = _message(name)
    parsed = parse(data)
    text = parsed.body("text/plain")
    bodies = {
        "html": parsed.body("text/html") is not None,
        "text": text is not None,
        "headers": True,
        "source": True,
    }
    tabs = [tab for tab in TABS if bodies[tab]]
    tab = request.GET.get("tab", "")
    tab = tab if tab in tabs else tabs[0]
    context = {
        "entry": entry,
        "to": parsed.header("to"),
        "sender": parsed.header("from"),
        "date": parsed.header("date"),
        "headers": parsed.headers,
        "files": parsed.files(),
        "tab": tab,
        "tabs": tabs,
        "text": linked(text) if tab == "text" and text is not None else "",
        "source": data[:LONGEST_SOURCE].decode("utf-8", "replace") if tab == "source" else "",
        "is_cut": len(data) > LONGEST_SOURCE,
        "frame_sandbox": frame.SANDBOX,
        "may_delete": request.user.has_perm("sandbox.delete_mail"),
    }
    return _admin_page(request, "sandbox/message.html", entry.head.subject or "(no subject)", context)


@require_safe
@xframe_options_sameorigin
@view_mail
def message_html(request: HttpRequest, name: str) -> HttpResponse:
    """What the frame shows: untrusted, and told so to the browser."""
    document = frame.document(_parsed(name))
    if document is None:
        raise Http404("the message has no HTML")
    response = HttpResponse(document.encode("utf-8", "replace"), content_type="text/html; charset=utf-8")
    response["Content-Security-Policy"] = frame.CONTENT_SECURITY_POLICY
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_safe
@view_mail
def message_source(request: HttpRequest, name: str) -> HttpResponse:
    _, data = _message(name)
    return _download(data, f"{name}.eml")


@require_safe
@view_mail
def message_file(request: HttpRequest, name: str, index: int) -> HttpResponse:
    part = next((part for part in _parsed(name).files() if part.index == index), None)
    if part is None:
        raise Http404("no such attachment")
    return _download(part.data, part.name)


@require_POST
@delete_mail
def delete_message(request: HttpRequest, name: str) -> HttpResponse:
    if mailbox().delete(name):
        messages.success(request, "The message was deleted.")
    return redirect("sandbox:mail")


@require_POST
@delete_mail
def empty_mailbox(request: HttpRequest) -> HttpResponse:
    count = mailbox().empty()
    messages.success(request, f"{count} message{'' if count == 1 else 's'} deleted.")
    return redirect("sandbox:mail")


def _message(name: str) -> tuple[Entry, bytes]:
    entry, data = mailbox().entry(name), mailbox().data(name)
    if entry is None or data is None:
        raise Http404("no such message: it may have been deleted, or made room for newer ones")
    return entry, data


def _parsed(name: str) -> Parsed:
    return parse(_message(name)[1])


def _download(data: bytes, name: str) -> HttpResponse:
    """To be saved, never shown: its type is its sender's claim."""
    response = HttpResponse(data, content_type="application/octet-stream")
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _page(request: HttpRequest) -> int:
    given = request.GET.get("page", "")
    return max(1, int(given)) if given.isascii() and given.isdigit() and len(given) < 7 else 1


def _page_numbers(page: int, pages: int) -> list[int | None]:
    """First, last, and two on each side; None stands for a gap."""
    near = sorted({1, pages, *range(max(1, page - 2), min(pages, page + 2) + 1)})
    numbers: list[int | None] = []
    for number in near:
        if numbers and number - (numbers[-1] or 0) > 1:
            numbers.append(None)
        numbers.append(number)
    return numbers


def _admin_page(request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> TemplateResponse:
    return TemplateResponse(request, template, {**admin.site.each_context(request), "title": title, **context})
