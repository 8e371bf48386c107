"""Stored templates: create, change, publish, delete (contract 20)."""

from dataclasses import dataclass, replace
from typing import Any

import msgspec
from django.db import IntegrityError, transaction

from momentum.lib import clock
from momentum.lib.errors import refuse
from momentum.lib.ids import new_transmission_id
from transmissions.generation import check_content
from transmissions.models import Template, TemplateVersion, Transmission
from transmissions.reading import Faults, Fields
from transmissions.stored_content import read_stored
from transmissions.template_versions import UNKNOWN

MAX_ID_BYTES = 64
MAX_NAME_BYTES = 1024
MAX_DESCRIPTION_BYTES = 1024
OPTIONS = ("open_tracking", "click_tracking", "initial_open", "transactional")

_IN_USE = (Transmission.State.SUBMITTED, Transmission.State.GENERATING)


@dataclass(frozen=True, slots=True)
class Changes:
    """The fields of a request that say something; None leaves a field as it is."""

    name: str | None
    description: str | None
    published: bool | None
    shared: bool | None
    options: dict[str, bool]
    content: dict[str, Any] | None
    cleared: tuple[str, ...] = ()


def create(body: dict[str, Any]) -> str:
    """Store a new template and return its id. Raises ApiError, then nothing is stored."""
    faults = Faults()
    fields = Fields(body, faults)
    key = fields.text("id", MAX_ID_BYTES, clean=True) or ""
    if not key and not fields.raw("name"):
        faults.add("1400", "id or name is required")
    if key and ("/" in key or not key.isprintable()):
        faults.add("1300", "id contains a character that is not allowed")
    changes = _read(fields, faults, needs_content=True)
    faults.raise_if_any()
    key = key or str(new_transmission_id())
    now = clock.now()
    try:
        with transaction.atomic():
            template = Template.objects.create(
                key=key, shared_with_subaccounts=bool(changes.shared), last_version=1, created_at=now
            )
            TemplateVersion.objects.create(
                template=template,
                is_draft=not changes.published,
                number=1,
                name=changes.name or key,
                description=changes.description or "",
                options=changes.options,
                content=_as_text(changes.content),
                updated_at=now,
            )
    except IntegrityError as problem:
        raise refuse("3030", f"resource '{key}' already exists") from problem
    return key


def update(key: str, body: dict[str, Any], *, update_published: bool = False, clears_options: bool = False) -> str:
    """Change a template by the table of contract 20 §3 and return its id. Raises ApiError, then nothing changes.

    With `clears_options` the options that the body leaves out are unset; requests have no way to say so.
    """
    faults = Faults()
    changes = _read(Fields(body, faults), faults, needs_content=False)
    if clears_options:
        changes = replace(changes, cleared=tuple(name for name in OPTIONS if name not in changes.options))
    with transaction.atomic():
        template = Template.objects.select_for_update(no_key=True).filter(key=key).first()
        if template is None:
            raise refuse("1600", UNKNOWN)
        faults.raise_if_any()
        if changes.shared is not None:
            template.shared_with_subaccounts = changes.shared
        draft, published = _version(template, draft=True), _version(template, draft=False)
        if changes.published:
            _publish(template, draft, published, changes)
        elif update_published:
            if published is None:
                raise refuse("2005", f"template '{key}' was never published")
            _apply(template, published, changes)
        else:
            _apply(template, draft or _draft_from(published), changes)
        template.save()
    return key


def delete(key: str) -> None:
    """Remove both versions. Raises ApiError `1600`, or `1602` while a transmission waits for it."""
    with transaction.atomic():
        template = Template.objects.select_for_update().filter(key=key).first()
        if template is None:
            raise refuse("1600", UNKNOWN)
        if Transmission.objects.filter(template_id=key, state__in=_IN_USE).exists():
            raise refuse("1602", "Template is in use by msg generation")
        template.delete()


def _read(fields: Fields, faults: Faults, *, needs_content: bool) -> Changes:
    options = fields.fields("options")
    switches = {name: options.boolean(name) for name in OPTIONS}
    given = fields.object("content")
    content = None
    if needs_content or any(value is not None for value in given.values()):
        kept, values = read_stored(given, faults)
        content = kept
        if values is not None:
            faults.extend(check_content(values))
    return Changes(
        name=fields.text("name", MAX_NAME_BYTES, clean=True) or None,
        description=fields.text("description", MAX_DESCRIPTION_BYTES, clean=True),
        published=fields.boolean("published"),
        shared=fields.boolean("shared_with_subaccounts"),
        options={name: value for name, value in switches.items() if value is not None},
        content=content,
    )


def _version(template: Template, *, draft: bool) -> TemplateVersion | None:
    return template.versions.filter(is_draft=draft).first()


def _draft_from(published: TemplateVersion | None) -> TemplateVersion:
    assert published is not None, "a template has at least one version"
    return TemplateVersion(
        template=published.template,
        is_draft=True,
        number=published.number,
        name=published.name,
        description=published.description,
        options=published.options,
        content=published.content,
        updated_at=published.updated_at,
    )


def _publish(
    template: Template, draft: TemplateVersion | None, published: TemplateVersion | None, changes: Changes
) -> None:
    if draft is None and published is not None and not _says_something(changes):
        return
    version = draft or _draft_from(published)
    if published is not None:
        published.delete()
    version.is_draft = False
    _apply(template, version, changes)


def _apply(template: Template, version: TemplateVersion, changes: Changes) -> None:
    if not _says_something(changes) and not changes.published:
        return
    template.last_version += 1
    version.number = template.last_version
    version.name = changes.name or version.name
    version.description = version.description if changes.description is None else changes.description
    kept = {name: value for name, value in version.options.items() if name not in changes.cleared}
    version.options = kept | changes.options
    if changes.content is not None:
        version.content = _as_text(changes.content)
    version.updated_at = clock.now()
    version.save()


def _says_something(changes: Changes) -> bool:
    return bool(
        changes.name
        or changes.description is not None
        or changes.options
        or changes.cleared
        or changes.content is not None
    )


def _as_text(content: dict[str, Any] | None) -> str:
    return msgspec.json.encode(content or {}).decode()
