"""Previews of stored templates and of content that is not stored (contract 20 §5)."""

from typing import Any

import msgspec

from momentum.lib import clock
from momentum.lib.errors import CATALOGUE, ApiError, Fault, refuse
from transmissions import generation, snippets
from transmissions.generation import check_content
from transmissions.language import RenderFault, SyntaxFault
from transmissions.models import TemplateVersion
from transmissions.previewing import preview
from transmissions.reading import MAX_DEPTH, Faults, Fields, too_deep
from transmissions.stored_content import read_unstored
from transmissions.values import Content


def of_template(version: TemplateVersion, body: dict[str, Any]) -> dict[str, Any]:
    """One version with the data of a request's body. Raises ApiError `3001`."""
    faults = Faults()
    fields = Fields(body, faults)
    data, metadata = _data(fields, faults)
    return _rendered(msgspec.json.decode(version.content), data, metadata)


def of_content(body: dict[str, Any]) -> dict[str, Any]:
    """The content of a request's body with its data. Raises ApiError `1400`, `3000` or `3001`."""
    faults = Faults()
    fields = Fields(body, faults)
    for required in ("content", "substitution_data"):
        if not fields.has(required):
            faults.add("1400", f"{required} is a required field")
    kept: dict[str, Any] = {}
    if fields.has("content"):
        kept, values = read_unstored(fields.object("content"), faults)
        if values is not None:
            faults.extend(check_content(values))
    data, metadata = _data(fields, faults)
    return _rendered(kept, data, metadata)


def _data(fields: Fields, faults: Faults) -> tuple[dict[str, Any], dict[str, Any]]:
    """Substitution data and metadata. Raises ApiError with everything noted so far."""
    found = fields.object("substitution_data"), fields.object("metadata")
    if too_deep(list(found)):
        faults.add("1300", f"data is nested more than {MAX_DEPTH} levels deep")
    faults.raise_if_any()
    return found


def _rendered(content: dict[str, Any], data: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    if "email_rfc822" in content:
        return {"email_rfc822": _prebuilt(content["email_rfc822"], data, metadata)}
    try:
        return preview(content, data, metadata)
    except SyntaxFault as fault:
        raise refuse("3000", fault.description, part=fault.part, line=fault.line) from None
    except RenderFault as fault:
        raise refuse("3001", fault.description, part=fault.part, line=fault.line) from None


def _prebuilt(source: str, data: dict[str, Any], metadata: dict[str, Any]) -> str:
    find_snippet = snippets.as_of(clock.now())
    outcome = generation.preview(Content(email_rfc822=source), data, metadata, find_snippet=find_snippet)
    if isinstance(outcome, Fault):
        raise ApiError(CATALOGUE[outcome.code][0], outcome)
    return outcome.email_rfc822 or ""
