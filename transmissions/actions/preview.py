"""Previews of stored templates and of content that is not stored (contract 20 §5)."""

from typing import Any

import msgspec

from momentum.lib.errors import refuse
from transmissions.language import RenderFault, SyntaxFault
from transmissions.models import TemplateVersion
from transmissions.previewing import preview
from transmissions.reading import Faults, Fields
from transmissions.stored_content import read_unstored


def of_template(version: TemplateVersion, body: dict[str, Any]) -> dict[str, Any]:
    """One version with the data of a request's body. Raises ApiError `3001`."""
    faults = Faults()
    fields = Fields(body, faults)
    data, metadata = fields.object("substitution_data"), fields.object("metadata")
    faults.raise_if_any()
    return _rendered(msgspec.json.decode(version.content), data, metadata)


def of_content(body: dict[str, Any]) -> dict[str, Any]:
    """The content of a request's body with its data. Raises ApiError `1400`, `3000` or `3001`."""
    faults = Faults()
    fields = Fields(body, faults)
    for required in ("content", "substitution_data"):
        if not fields.has(required):
            faults.add("1400", f"{required} is a required field")
    content = read_unstored(fields.object("content"), faults) if fields.has("content") else {}
    data, metadata = fields.object("substitution_data"), fields.object("metadata")
    faults.raise_if_any()
    return _rendered(content, data, metadata)


def _rendered(content: dict[str, Any], data: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    try:
        return preview(content, data, metadata)
    except SyntaxFault as fault:
        raise refuse("3000", fault.description, part=fault.part, line=fault.line) from None
    except RenderFault as fault:
        raise refuse("3001", fault.description, part=fault.part, line=fault.line) from None
