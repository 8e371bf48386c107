"""Every test vector of contract 40 §15."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.language.support import rendered, tracked
from transmissions.language import RenderFault, SyntaxFault, check_part, compile_part

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text())

RENDER_FAULTS = {
    113: "attempt to perform arithmetic on a string",
    114: "attempt to perform arithmetic on null",
    115: "division by zero",
    116: "attempt to loop over a string",
    117: "unknown snippet 'nope'",
    118: "attempt to compare an object with a number",
}


def each(group: str) -> Any:
    return pytest.mark.parametrize("vector", VECTORS[group], ids=lambda vector: str(vector["number"]))


def test_all_vectors_are_here() -> None:
    numbers = [vector["number"] for group in VECTORS.values() for vector in group]
    assert numbers == list(range(1, 141))


@each("rendering")
def test_rendering(vector: dict[str, Any]) -> None:
    assert rendered(vector["part"], vector["template"], vector["data"]) == vector["output"]


@each("syntax")
def test_syntax_faults(vector: dict[str, Any]) -> None:
    for compile_or_check in (compile_part, check_part):
        with pytest.raises(SyntaxFault) as caught:
            compile_or_check("text", vector["template"])
        assert caught.value.description == vector["description"]


@each("render")
def test_render_faults(vector: dict[str, Any]) -> None:
    with pytest.raises(RenderFault) as caught:
        rendered("text", vector["template"], vector["data"])
    what = RENDER_FAULTS[vector["number"]]
    assert caught.value.description == f"Error while rendering part text: line 1: {what}"


@each("links")
def test_links(vector: dict[str, Any]) -> None:
    output, clicks = tracked(vector["part"], vector["template"], vector["data"])
    assert output == vector["output"]
    assert clicks.captured == vector["captured"]
