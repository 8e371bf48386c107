"""What the editor asks for while somebody works: preview, test sends, preflight, all of the form as it stands."""

from dataclasses import dataclass
from typing import Any

import msgspec
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST

from momentum.lib import clock
from momentum.lib.errors import ApiError
from tracking import configuration
from transmissions import snippets
from transmissions.actions import preview as previews
from transmissions.actions.send_test import send_test
from transmissions.generation.dissection import dissect
from transmissions.language import Scope
from transmissions.models import TemplateVersion
from transmissions.preflight import Finding, Level, Person, preflight
from transmissions.reading import Faults, too_deep
from transmissions.stored_content import read_unstored
from transmissions.template_pages import draft as drafts
from transmissions.template_pages import frame, problems, sampling
from transmissions.template_pages.draft import Draft
from transmissions.template_pages.list_views import may_view
from transmissions.template_pages.problems import Problem

_FOLDER = "transmissions/templates"
_LEAVES = {"text/plain": "text", "text/html": "html", "text/x-amp-html": "amp_html"}
_LEVELS = {Level.ERROR: "Error", Level.WARNING: "Warning", Level.NOTE: "Note"}


@dataclass(frozen=True, slots=True)
class _Form:
    """The form: its draft, the content it makes, its test data, and what is wrong with these already."""

    draft: Draft
    content: dict[str, Any]
    data: dict[str, Any]
    problems: list[Problem]

    def of(self, refusal: ApiError) -> list[Problem]:
        return problems.of_faults(refusal.faults, self.draft.headers)


@require_POST
@may_view
def preview(request: HttpRequest) -> HttpResponse:
    """The content rendered with the test data, or what keeps it from being rendered."""
    form = _read(request)
    found, shown = form.problems, None
    if not found:
        try:
            shown = previews.of_content({"content": form.content, "substitution_data": form.data})
            shown |= _parts_of(shown.get("email_rfc822", ""))
        except ApiError as refusal:
            found = form.of(refusal)
    context: dict[str, Any] = {"problems": found, "shown": shown}
    if shown is not None:
        html = shown.get("html", "")
        context |= {
            "sender": _sender(shown.get("from")),
            "headers": shown.get("headers", {}).items(),
            "document": frame.document(html) if html and len(html) <= frame.MOST_SHOWN else "",
            "is_too_large": len(html) > frame.MOST_SHOWN,
        }
    return TemplateResponse(request, f"{_FOLDER}/preview.html", context)


@require_POST
@may_view
def send(request: HttpRequest) -> HttpResponse:
    """Queue the content for one address as a test; it never enters the statistics."""
    if not any(request.user.has_perm(f"transmissions.{verb}_template") for verb in ("add", "change")):
        raise PermissionDenied
    form = _read(request)
    found, transmission_id = form.problems, None
    address = request.POST.get("test_address", "").strip()
    if not address:
        found = [*found, Problem(problems.HEAD, "an address is needed", "test_address", "Send test")]
    if not found:
        name = request.POST.get("stored_key", "") or form.draft.name or "a new template"
        try:
            transmission_id = send_test(
                form.content,
                address,
                form.data,
                transactional=drafts.is_transactional(form.draft),
                description=f"Test of {name}"[:200].replace("\0", ""),
            )
        except ApiError as refusal:
            found = form.of(refusal)
    context = {
        "problems": found,
        "transmission_id": transmission_id,
        "address": address,
        "may_see": request.user.has_perm("transmissions.view_transmission"),
        "has_sandbox": not settings.SMTP_URL and request.user.has_perm("sandbox.view_mail"),
    }
    return TemplateResponse(request, f"{_FOLDER}/sent.html", context)


@require_POST
@may_view
def check(request: HttpRequest) -> HttpResponse:
    """The preflight: for recipients of a stored list, or with the test data."""
    form = _read(request)
    faults = Faults()
    _, content = read_unstored(form.content, faults)
    found = [*form.problems, *problems.of_faults(faults.found, form.draft.headers)]
    people = _people(request, form)
    if people is None:
        found.append(Problem(problems.HEAD, "this list is not there any more", "preflight_list", "Preflight"))
    context: dict[str, Any] = {"problems": found}
    if not found and content is not None and people is not None:
        transactional = drafts.is_transactional(form.draft)
        if transactional is None:
            transactional = configuration.current().transactional_default
        report = preflight(content, people, transactional=transactional, find_snippet=snippets.as_of(clock.now()))
        context |= {
            "checked": report.checked,
            "of_list": request.POST.get("preflight_list", "") != "",
            "findings": [_shown(finding, form.draft) for finding in report.findings],
        }
    return TemplateResponse(request, f"{_FOLDER}/preflight.html", context)


def _read(request: HttpRequest) -> _Form:
    draft = drafts.read(request.POST.dict())
    stored = TemplateVersion.objects.filter(template__key=request.POST.get("stored_key", "").replace("\0", ""))
    version = stored.order_by("-is_draft").first()
    body, found = drafts.body(draft, msgspec.json.decode(version.content) if version else {})
    wrong = problems.in_json(draft.test_data)
    data = msgspec.json.decode(draft.test_data) if wrong is None and draft.test_data.strip() else {}
    if wrong is None and too_deep(data):
        wrong, data = Problem(problems.DATA, "nested too deeply"), {}
    return _Form(draft, body["content"], data, [*found, *([wrong] if wrong else ())])


def _people(request: HttpRequest, form: _Form) -> list[Person] | None:
    key = request.POST.get("preflight_list", "")
    if not key:
        return [Person("", Scope.preview(form.data))]
    if not request.user.has_perm("transmissions.view_recipientlist"):
        raise PermissionDenied
    return sampling.people(key, form.data)


def _parts_of(source: str) -> dict[str, Any]:
    """What a reader sees of a pre-built message."""
    message = dissect(source) if source else None
    if message is None:
        return {}
    fields = {field.name.lower(): field.value for field in message.fields}
    leaves = {_LEAVES[leaf.media_type]: leaf.text for leaf in message.leaves}
    return {"from": fields.get("from", ""), "subject": fields.get("subject", ""), **leaves}


def _sender(value: Any) -> str:
    if isinstance(value, dict):
        name, email = str(value.get("name", "")), str(value.get("email", ""))
        return f"{name} <{email}>" if name else email
    return str(value or "")


def _shown(finding: Finding, draft: Draft) -> dict[str, Any]:
    place = problems.at_part(finding.part, finding.line, finding.what, draft.headers)
    return {"finding": finding, "level": _LEVELS[finding.level], "problem": place}
