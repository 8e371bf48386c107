"""The editor: a new template, an existing one, saving, publishing and deleting."""

from dataclasses import replace
from typing import Any

import msgspec
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.decorators import permission_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from momentum.lib.errors import ApiError
from transmissions.actions import templates
from transmissions.models import TemplateVersion
from transmissions.template_pages import draft as drafts
from transmissions.template_pages import frame, problems, sampling
from transmissions.template_pages.draft import Draft
from transmissions.template_pages.list_views import may_view
from transmissions.template_pages.problems import Problem
from transmissions.template_versions import find_version

_REFUSED = 422
_TABS = (problems.HTML, problems.TEXT, problems.AMP, problems.HEADERS, problems.DATA)
_PREBUILT_TABS = (problems.MESSAGE, problems.DATA)
_SWITCHES = {
    "open_tracking": ("Track opens", "A pixel at the end of the message."),
    "initial_open": ("Track initial opens", "A pixel at its beginning. Unset: as for opens."),
    "click_tracking": ("Track clicks", "Links lead over the tracking host."),
    "transactional": ("Transactional", "No List-Unsubscribe is added."),
}
_CHANGED_MEANWHILE = (
    "Somebody has changed this template since you opened it. Nothing was saved; "
    "save again to put yours in its place."
)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("transmissions.add_template", raise_exception=True)
def new(request: HttpRequest) -> HttpResponse:
    """A new template; its id is fixed from then on."""
    if request.method != "POST":
        return _page(request, Draft(), [])
    draft = drafts.read(request.POST.dict())
    body, found = drafts.body(draft, {})
    body |= {"id": draft.key.strip() or None, "published": request.POST.get("action") == "publish"}
    if not found:
        try:
            key = templates.create({name: value for name, value in body.items() if value is not None})
        except ApiError as refusal:
            found = problems.of_faults(refusal.faults, draft.headers)
        else:
            messages.success(request, "Published." if body["published"] else "Draft saved.")
            return redirect(f"{reverse('templates:edit', args=[key])}?created=1")
    return _page(request, draft, found)


@require_http_methods(["GET", "HEAD", "POST"])
@may_view
def edit(request: HttpRequest, key: str) -> HttpResponse:
    """The draft, or what a new draft would begin with; `?version=published` shows that one, not to be changed."""
    shown = _version(key, published=request.GET.get("version") == "published")
    if request.method != "POST":
        return _page(request, _draft_of(shown), [], shown)
    if not request.user.has_perm("transmissions.change_template"):
        raise PermissionDenied
    return _save(request, shown)


@require_POST
@permission_required("transmissions.delete_template", raise_exception=True)
def delete(request: HttpRequest, key: str) -> HttpResponse:
    """Both versions; refused while a transmission waits for the template."""
    try:
        templates.delete(key)
    except ApiError as refusal:
        messages.error(request, f"Not deleted: {refusal.faults[0].description}.")
        return redirect("templates:edit", key) if refusal.faults[0].code == "1602" else redirect("templates:list")
    messages.success(request, f"Template {key} was deleted.")
    return redirect("templates:list")


def _save(request: HttpRequest, shown: TemplateVersion) -> HttpResponse:
    draft = replace(drafts.read(request.POST.dict()), key=shown.template.key)
    body, found = drafts.body(draft, msgspec.json.decode(shown.content))
    publishes = request.POST.get("action") == "publish"
    if not found and request.POST.get("seen") != str(shown.template.last_version):
        found = [Problem(problems.HEAD, _CHANGED_MEANWHILE)]
    if not found:
        try:
            templates.update(draft.key, body | ({"published": True} if publishes else {}), clears_options=True)
        except ApiError as refusal:
            found = problems.of_faults(refusal.faults, draft.headers)
        else:
            messages.success(request, "Published." if publishes else "Draft saved.")
            return redirect("templates:edit", draft.key)
    return _page(request, draft, found, shown)


def _version(key: str, *, published: bool) -> TemplateVersion:
    try:
        if published:
            return find_version(key, draft=False)
        # The draft, if there is one: not simply what was changed last, which a hot fix of the published one may be.
        versions = (
            TemplateVersion.objects.filter(template__key=key).select_related("template").order_by("-is_draft")
        )
        version = versions.first()
    except ApiError:
        version = None
    if version is None:
        raise Http404("no such template")
    return version


def _draft_of(version: TemplateVersion) -> Draft:
    content = msgspec.json.decode(version.content)
    return drafts.of_version(version.template.key, version.name, version.description, version.options, content)


def _page(
    request: HttpRequest, draft: Draft, found: list[Problem], shown: TemplateVersion | None = None
) -> HttpResponse:
    permissions = {
        f"may_{verb}": request.user.has_perm(f"transmissions.{verb}_template")
        for verb in ("add", "change", "delete")
    }
    is_live_only = shown is not None and request.GET.get("version") == "published"
    may_save = permissions["may_change" if shown else "may_add"] and not is_live_only
    context = {
        **admin.site.each_context(request),
        **permissions,
        **_versions(shown),
        "title": (draft.name or draft.key) if shown else "New template",
        "draft": draft,
        "problems": found,
        "faulty_tabs": {problem.tab for problem in found},
        "faulty_fields": {problem.field for problem in found},
        "tabs": [
            (tab, problems.LABELS[tab], getattr(draft, tab))
            for tab in (_PREBUILT_TABS if draft.is_prebuilt else _TABS)
        ],
        "switches": [(name, label, hint, draft.options.get(name, "")) for name, (label, hint) in _SWITCHES.items()],
        "is_live_only": is_live_only,
        "may_save": may_save,
        "may_send": permissions["may_change"] or permissions["may_add"],
        "lists": sampling.choices() if request.user.has_perm("transmissions.view_recipientlist") else [],
        "frame_sandbox": frame.SANDBOX,
        "has_sandbox": not settings.SMTP_URL and request.user.has_perm("sandbox.view_mail"),
        "storage_key": f"momentum.test-data.{draft.key}" if shown else "momentum.test-data",
    }
    status = _REFUSED if found else 200
    return TemplateResponse(request, "transmissions/templates/editor.html", context, status=status)


def _versions(shown: TemplateVersion | None) -> dict[str, Any]:
    """What there is of the template."""
    if shown is None:
        return {"key": "", "seen": ""}
    moments = dict(TemplateVersion.objects.filter(template=shown.template).values_list("is_draft", "updated_at"))
    return {
        "key": shown.template.key,
        "seen": shown.template.last_version,
        "version": shown,
        "has_draft": True in moments,
        "has_published": False in moments,
        "draft_at": moments.get(True),
        "published_at": moments.get(False),
        "used_at": shown.template.last_use,
    }
