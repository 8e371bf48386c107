"""Hostile templates and data end in a fault, never in a crash (contract 40 §16.10)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.language.support import rendered, tracked
from transmissions.language import RenderFault, SyntaxFault

MANY = 100_000


def deep(levels: int) -> Any:
    value: Any = []
    for _ in range(levels):
        value = [value]
    return value


def from_deep_inside(action: Callable[[], str], frames: int = 350) -> str:
    return action() if frames == 0 else from_deep_inside(action, frames - 1)


@pytest.mark.parametrize(
    ("template", "output"),
    [
        ("{{" + "(" * MANY + "x" + ")" * MANY + "}}", "1"),
        ("{{" + "not " * 500 + "x}}", "true"),
        ("{{" + "- " * 500 + "x}}", "1"),
        ("{{" + "gone or " * 500 + "x}}", "1"),
        ("{{" + "x and " * 500 + "x}}", "1"),
        ("{{" + "1 + " * 500 + "x}}", "501"),
        ("{{" + "l[" * 200 + "1" + "]" * 200 + "}}", "1"),
        ("{{" + "(1 + " * 200 + "x" + ")" * 200 + "}}", "201"),
        ("{{" + "(gone or not x or " * 100 + "x" + ")" * 100 + "}}", "1"),
        ("{{" + "(l == l and " * 100 + "x" + ")" * 100 + "}}", "1"),
        ("{{o" + ".o" * 500 + "}}", ""),
        ("{{if x}}" * 120 + "y" + "{{end}}" * 120, "y"),
        ("{{each l}}" * 120 + "{{loop_index}}" + "{{end}}" * 120, "1"),
        ("{{each l}}{{if x}}" * 60 + "{{loop_vars.l}}" + "{{end}}{{end}}" * 60, "1"),
        ("{{if gone}}{{else}}" * 120 + "y" + "{{end}}" * 120, "y"),
        ("{{if x}}\n" * 120 + "y\n" + "{{end}},\n" * 120, "y" + "," * 120 + "\n"),
        ("{{if gone}}" + "{{elseif gone}}x" * 3000 + "{{elseif x}}y{{else}}z{{end}}", "y"),
        ("{{x}}" * 5000, "1" * 5000),
    ],
    ids=lambda text: text[:24],
)
@pytest.mark.parametrize("part", ["text", "html"])
def test_nesting_and_length_that_work(part: str, template: str, output: str) -> None:
    data = {"x": 1, "l": [1], "o": {}}
    assert from_deep_inside(lambda: rendered(part, template, data)) == output


@pytest.mark.parametrize(
    "template",
    [
        "{{if x}}" * MANY,
        "{{if x}}" * MANY + "{{end}}" * MANY,
        "{{each x}}" * 200 + "{{end}}" * 200,
        "{{" + "not " * MANY + "x}}",
        "{{" + "x or " * MANY + "x}}",
        "{{" + "x[" * MANY + "1" + "]" * MANY + "}}",
        "{{" + "empty(" * MANY + "x" + ")" * MANY + "}}",
        "{{" + "(" * MANY + "x}}",
        "{{x" + ".x" * MANY + "}}",
        "{" * MANY,
        '{{ "' + '\\"' * MANY,
    ],
    ids=lambda text: text[:12],
)
def test_nesting_that_is_refused(template: str) -> None:
    with pytest.raises(SyntaxFault):
        from_deep_inside(lambda: rendered("html", template))


@pytest.mark.parametrize(
    ("template", "what"),
    [
        ("{{x}}" * 300, "rendered content is larger than 20 MB"),
        ("{{each l}}{{x}}{{end}}", "rendered content is larger than 20 MB"),
        ("{{each l}}" + "y" * 30_000 + "{{end}}", "rendered content is larger than 20 MB"),
        ("{{each l}}<a {{if x}}b='{{x}}'{{end}}>{{end}}", "rendered content is larger than 20 MB"),
        ("{{each l}}{{render_dynamic_content(dynamic_html.big)}}{{end}}", "rendered content is larger than 20 MB"),
        ("{{each l}}{{each l}}{{each l}}{{end}}{{end}}{{end}}", "too much work in loops"),
        (
            "{{each l}}{{render_dynamic_content(dynamic_html.loops)}}{{end}}",
            "dynamic content, line 1: too much work in loops",
        ),
        ("{{each l}}{{each l}}{{if l == l2}}{{end}}{{end}}{{end}}", "too much work in loops"),
        ("{{each l}}{{each l}}" + "{{if gone}}{{end}}" * 50 + "{{end}}{{end}}", "too much work in loops"),
    ],
    ids=lambda text: text[:40],
)
def test_rendering_is_bounded(template: str, what: str) -> None:
    data = {"x": "a" * 100_000, "l": [0] * 1000, "l2": [0.0] * 1000}
    data["dynamic_html"] = {"big": "y" * 30_000, "loops": "{{each l}}{{each l}}{{end}}{{end}}"}
    with pytest.raises(RenderFault) as caught:
        rendered("html", template, data)
    assert caught.value.what == what


def test_just_below_the_limit() -> None:
    assert len(rendered("text", "{{each l}}{{x}}{{end}}", {"x": "a" * 100_000, "l": [0] * 200})) == 20_000_000


def test_deep_data() -> None:
    data = {"d": deep(50_000), "e": deep(50_001)}
    assert rendered("text", "{{d}}", data) == "[" * 50_001 + "]" * 50_001
    assert rendered("text", "{{d == e}} {{d == d[1]}}", data) == "false false"


@pytest.mark.parametrize(
    "unit",
    [
        "<",
        "<a ",
        "<a href=",
        '<a href="',
        "<a href='https://x.test/' ",
        "<!--",
        "<!--[if",
        "</",
        "<script>",
        "&",
        "&amp",
        "<a =",
        "<template type=",
    ],
)
@pytest.mark.parametrize("part", ["html", "amp_html"])
def test_long_rubbish_in_markup_stays_as_it_is(part: str, unit: str) -> None:
    assert tracked(part, unit * 5000)[0] == unit * 5000


@pytest.mark.parametrize(
    "unit", ["https://", "[[data-msys-", "https://x.test/[[data-msys-", "https://x.test/)", "[[", "]]"]
)
def test_long_rubbish_in_text_is_read_in_reasonable_time(unit: str) -> None:
    shown = tracked("text", unit * 5000)[0]
    assert shown.replace("T(", "").replace(")", "") == (unit * 5000).replace(")", "")
