"""Snippets: create, change, show, delete (contract 95 §2)."""

from typing import Any

from django.db import IntegrityError, transaction

from momentum.lib import clock
from momentum.lib.errors import ApiError, refuse
from transmissions.generation import check_snippet
from transmissions.models import SnippetVersion
from transmissions.reading import Faults, Fields

MAX_ID_BYTES = 64
MAX_NAME_BYTES = 1024
MAX_PART_BYTES = 100 * 1024
PARTS = ("html", "text", "amp_html")


def create(body: dict[str, Any]) -> str:
    """Store a new snippet and return its id. Raises ApiError, then nothing is stored."""
    faults = Faults()
    fields = Fields(body, faults)
    key = fields.text("id", MAX_ID_BYTES, clean=True) or ""
    if not fields.raw("id"):
        faults.add("1400", "id is a required field")
    elif "/" in key or not key.isprintable():
        faults.add("1300", "id contains a character that is not allowed")
    content = _content({}, fields, faults)
    name, shared = fields.text("name", MAX_NAME_BYTES, clean=True), fields.boolean("shared_with_subaccounts")
    faults.raise_if_any()
    now = clock.now()
    try:
        with transaction.atomic():
            SnippetVersion.objects.create(
                key=key,
                name=name or "",
                content=content,
                shared_with_subaccounts=bool(shared),
                created_at=now,
                begins_at=now,
            )
    except IntegrityError as problem:
        raise refuse("1602", f"Snippet '{key}' already exists") from problem
    return key


def update(key: str, body: dict[str, Any]) -> str:
    """Change what the body names, part by part of the content. Raises ApiError, then nothing changes."""
    faults = Faults()
    fields = Fields(body, faults)
    with transaction.atomic():
        version = _current(key, lock=True)
        content = _content(version.content, fields, faults)
        name, shared = fields.text("name", MAX_NAME_BYTES, clean=True), fields.boolean("shared_with_subaccounts")
        faults.raise_if_any()
        now = clock.now()
        SnippetVersion.objects.filter(pk=version.pk).update(ends_at=now)
        SnippetVersion.objects.create(
            key=key,
            name=version.name if name is None else name,
            content=content,
            shared_with_subaccounts=version.shared_with_subaccounts if shared is None else shared,
            created_at=version.created_at,
            begins_at=now,
        )
    return key


def delete(key: str) -> None:
    """Remove a snippet; generations under way keep it. Raises ApiError `1600`."""
    with transaction.atomic():
        version = _current(key, lock=True)
        SnippetVersion.objects.filter(pk=version.pk).update(ends_at=clock.now())


def listed(shared: bool | None) -> list[dict[str, Any]]:
    """All snippets by id, without content."""
    versions = SnippetVersion.objects.filter(ends_at=None).order_by("key")
    if shared is not None:
        versions = versions.filter(shared_with_subaccounts=shared)
    return [_head(version) | {"shared_with_subaccount": version.shared_with_subaccounts} for version in versions]


def shown(key: str) -> dict[str, Any]:
    """One snippet with its content. Raises ApiError `1600`."""
    version = _current(key)
    return _head(version) | {"content": version.content}


def _content(stored: dict[str, str], fields: Fields, faults: Faults) -> dict[str, str]:
    """The stored parts with those of the request merged in; "" removes one."""
    given = fields.fields("content")
    content = dict(stored)
    for part in PARTS:
        text = given.text(part, MAX_PART_BYTES)
        if text is not None:
            content[part] = text.replace("\0", "")
    content = {part: text for part, text in content.items() if text}
    if not content and not faults.found:
        faults.add("1400", "at least one of html, text or amp_html needs to exist in content")
    faults.extend(check_snippet(content))
    return content


def _current(key: str, *, lock: bool = False) -> SnippetVersion:
    versions = SnippetVersion.objects.select_for_update() if lock else SnippetVersion.objects.all()
    version = versions.filter(key=key, ends_at=None).first()
    if version is None:
        raise _unknown(key)
    return version


def _head(version: SnippetVersion) -> dict[str, Any]:
    return {
        "id": version.key,
        "name": version.name,
        "shared_with_subaccounts": version.shared_with_subaccounts,
        "created_at": clock.iso_milliseconds(version.created_at),
        "updated_at": clock.iso_milliseconds(version.begins_at),
    }


def _unknown(key: str) -> ApiError:
    return refuse("1600", f"Snippet '{key}' does not exist")
