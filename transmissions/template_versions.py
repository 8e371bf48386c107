"""Stored templates as they are found, shown and chosen for sending (contract 20 §4)."""

from datetime import datetime
from typing import Any

import msgspec
from django.db import connection
from django.db.models import Q, QuerySet

from momentum.lib.errors import refuse
from transmissions.models import Template, TemplateVersion

MOST_LISTED = 50_000
UNKNOWN = "Template does not exist"


def find_version(key: str, draft: bool | None) -> TemplateVersion:
    """The draft, the published version, or (None) the one changed last. Raises ApiError `1600`."""
    version = _select(TemplateVersion.objects.filter(template__key=key), draft).select_related("template").first()
    if version is None:
        raise refuse("1600", UNKNOWN)
    return version


def for_sending(key: str, use_draft: bool) -> TemplateVersion:
    """The version that a transmission asks for. Raises ApiError `1603`, `2004` or `2005` (contract 10 §6.1)."""
    version = (
        TemplateVersion.objects.filter(template__key=key, is_draft=use_draft).select_related("template").first()
    )
    if version is not None:
        return version
    if not Template.objects.filter(key=key).exists():
        raise refuse("1603", f"template '{key}' does not exist")
    if use_draft:
        raise refuse("2004", f"template '{key}' has no draft")
    raise refuse("2005", f"template '{key}' was never published")


def hold(key: str) -> None:
    """Keep the template from being deleted until the transaction ends. Raises ApiError `1603` when it is gone."""
    with connection.cursor() as cursor:
        # Shared: transmissions of one template do not wait for each other, and changes do not wait for them.
        cursor.execute("SELECT 1 FROM transmissions_template WHERE key = %s FOR KEY SHARE", [key])
        if cursor.fetchone() is None:
            raise refuse("1603", f"template '{key}' does not exist")


def listed(draft: bool | None, shared: bool | None) -> list[dict[str, Any]]:
    """All templates, newest change first, without content and options."""
    versions = TemplateVersion.objects.select_related("template").defer("content")
    if shared is not None:
        versions = versions.filter(template__shared_with_subaccounts=shared)
    kinds: dict[int, set[bool]] = {}
    for template_id, is_draft in TemplateVersion.objects.values_list("template_id", "is_draft"):
        kinds.setdefault(template_id, set()).add(is_draft)
    rows: list[dict[str, Any]] = []
    seen: set[int] = set()
    for version in _select(versions, draft)[: 2 * MOST_LISTED]:
        if version.template_id not in seen and len(rows) < MOST_LISTED:
            seen.add(version.template_id)
            row = _head(version, kinds[version.template_id])
            rows.append(row | {"shared_with_subaccount": version.template.shared_with_subaccounts})
    return rows


def shown(version: TemplateVersion) -> dict[str, Any]:
    """One version with its options and its content as given."""
    kinds = set(TemplateVersion.objects.filter(template=version.template).values_list("is_draft", flat=True))
    return _head(version, kinds) | {"options": version.options, "content": msgspec.json.decode(version.content)}


def note_use(key: str, when: datetime) -> None:
    """Remember that a message was generated from the template."""
    Template.objects.filter(Q(last_use=None) | Q(last_use__lt=when), key=key).update(last_use=when)


def _select(versions: QuerySet[TemplateVersion], draft: bool | None) -> QuerySet[TemplateVersion]:
    if draft is not None:
        versions = versions.filter(is_draft=draft)
    return versions.order_by("-updated_at", "-id")


def _head(version: TemplateVersion, kinds: set[bool]) -> dict[str, Any]:
    template = version.template
    head: dict[str, Any] = {
        "id": template.key,
        "name": version.name,
        "description": version.description,
        "published": not version.is_draft,
        "has_draft": True in kinds,
        "has_published": False in kinds,
        "last_update_time": _moment(version.updated_at),
        "shared_with_subaccounts": template.shared_with_subaccounts,
    }
    if template.last_use is not None:
        head["last_use"] = _moment(template.last_use)
    return head


def _moment(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S}+00:00"
