"""Names of templates: reports know them by id only (contract 90 §3, §4)."""

from collections.abc import Iterable

from django.apps import apps

# Looked up by name: reports do not import transmissions (docs/architecture.md), and work without it.
_MODEL = ("transmissions", "TemplateVersion")


def labels(ids: Iterable[str]) -> dict[str, str]:
    """The label of each template that there still is, the published version's before the draft's."""
    versions = apps.get_model(*_MODEL)._default_manager.filter(template__key__in=list(ids))
    return dict(versions.order_by("-is_draft").values_list("template__key", "name"))


def matching(part: str, limit: int) -> list[str]:
    """The ids of existing templates whose label or id contains `part` in any case, ascending."""
    versions = apps.get_model(*_MODEL)._default_manager
    found = versions.filter(name__icontains=part) | versions.filter(template__key__icontains=part)
    return list(found.order_by("template__key").values_list("template__key", flat=True).distinct()[:limit])
