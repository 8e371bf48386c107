"""Content rendered for its author: with data, without a recipient, nothing tracked (contract 20 §5)."""

from collections.abc import Mapping
from typing import Any

from momentum.lib import clock
from transmissions import snippets
from transmissions.language import Scope, compile_part

_PARTS = ("text", "html", "amp_html")
# Field -> label in faults (contract 20 §6).
_HEADERS = {"from": "Header:From", "subject": "Header:Subject", "reply_to": "Header:Reply-To"}


def preview(content: Mapping[str, Any], data: Mapping[str, Any], metadata: Mapping[str, Any]) -> dict[str, Any]:
    """What `content`, in the form of a request, says with `data`; each field in the form it was given.

    Raises language.SyntaxFault or language.RenderFault for the first field at fault: headers first, then parts.
    """
    scope = Scope.preview(data, metadata)
    shown: dict[str, Any] = {}
    for field, label in _HEADERS.items():
        if field in content:
            shown[field] = _rendered(label, content[field], scope)
    if "headers" in content:
        headers = content["headers"].items()
        shown["headers"] = {name: _header(name, value, scope) for name, value in headers if value is not None}
    for part in _PARTS:
        if part in content:
            shown[part] = _text(part, content[part], scope)
    return shown


def _rendered(label: str, value: Any, scope: Scope) -> Any:
    if isinstance(value, Mapping):
        return {name: _text(label, piece, scope) for name, piece in value.items() if isinstance(piece, str)}
    return _text(label, str(value), scope)


def _header(name: str, value: Any, scope: Scope) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _text(f"Header:{name}", str(value), scope)


def _text(part: str, source: str, scope: Scope) -> str:
    find_snippet = snippets.as_of(clock.now())
    return "".join(compile_part(part, source, preview=True, find_snippet=find_snippet).render(scope))
