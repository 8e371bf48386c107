"""Filters on the columns of a table: which rows are shown; heads and graphs stay (contract 90 §5)."""

from collections.abc import Iterable
from typing import Any

from reports.pages import presentation
from reports.pages.state import State


def column_filter(shown: State, name: str, label: str, options: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """What the form of one filter shows; `name` is `category` or `class`, `options` are values and labels."""
    chosen = shown.categories if name == "category" else shown.classes
    return {
        "name": name,
        "label": label,
        "chosen": sum(value in chosen for value, _ in options),
        "fields": presentation.fields(shown, name),
        "options": [{"value": value, "label": text, "chosen": value in chosen} for value, text in options],
    }
