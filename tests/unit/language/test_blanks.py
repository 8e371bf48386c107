"""Rules W1 to W4 beyond the vectors (contract 40 §9.1, §16.7 to §16.9)."""

import pytest

from tests.unit.language.support import rendered


@pytest.mark.parametrize(
    ("template", "data", "output"),
    [
        pytest.param("A\n{{if on}}\nB\n{{end}}", {"on": 1}, "A\nB\n", id="end without a final break"),
        pytest.param("{{if on}}\nB\n{{end}}\nC", {"on": 1}, "B\nC", id="statement on the first line"),
        pytest.param("A\r\n{{if on}}\r\nB\r\n{{end}}\r\n", {"on": 1}, "A\r\nB\r\n", id="CRLF"),
        pytest.param("{{if on}}\r\nB\r\n{{end}}, C", {"on": 1}, "B, C", id="glued after CRLF"),
        pytest.param(" {{ if on }} {{ if on }} \nB\n{{end}}{{end}}", {"on": 1}, "B\n", id="two statements, blanks"),
        pytest.param("  {{if on}}x{{end}}\t \nC", {"on": 1}, "  x\nC", id="indentation of a mixed line stays"),
        pytest.param("{{x}}{{if on}}{{end}}  \nC", {"on": 1}, "\nC", id="blanks after the last statement"),
        pytest.param("{{if on}}A{{end}}  ", {"on": 1}, "A", id="blanks at the very end"),
        pytest.param("{{if on}}A{{end}} {{x}}\nC", {"on": 1, "x": "X"}, "A X\nC", id="blanks before an expression"),
        pytest.param("A\n  {{x}}  \nB", {}, "A\n    \nB", id="an empty expression leaves its line"),
        pytest.param("A\n{{x}}\nB", {"x": "{{if}}\n"}, "A\n{{if}}\n\nB", id="data is no template"),
        pytest.param("{{if on}}\nA\n\n{{end}}, B", {"on": 1}, "A\n, B", id="one break is taken, not two"),
        pytest.param("{{if on}}\nA\n  {{end}}, B", {"on": 1}, "A, B", id="indentation of a glued end"),
        pytest.param("{{if on}}\nA\n{{else}}\nB\n{{end}}, C", {}, "B, C", id="glued else"),
        pytest.param("{{each l}}\n{{loop_var}}\n{{end}}.", {"l": [1, 2]}, "1\n2.", id="glued loop"),
        pytest.param("X\n{{each l}}\n{{loop_var}}\n{{end}}.", {"l": []}, "X\n.", id="glued empty loop"),
        pytest.param("{{if a}}\nY\n{{if b}}\nX\n{{end}}\n{{end}}, N", {"a": 1, "b": 1}, "Y\nX, N", id="inner last"),
        pytest.param(
            "{{if a}}\nY\n{{if b}}\nX\n{{end}}\n{{end}}, N", {"a": 1}, "Y, N", id="inner produced nothing"
        ),
        pytest.param(
            "{{if a}}{{v}}{{if b}}\n{{end}}\n{{end}}, N", {"a": 1, "v": "V\n"}, "V\n, N", id="a value stays"
        ),
        pytest.param(
            "{{if a}}\n{{if b}}\nX\n{{end}}, M\n{{end}}, N", {"a": 1, "b": 1}, "X, M, N", id="glued twice"
        ),
        pytest.param(
            "{{if a}}\nX\n{{if b}}\nY\n{{end}}, M\n{{end}}, N", {"a": 1}, "X\n, M, N", id="only its own break"
        ),
        pytest.param("{{if a}}\n{{if b}}\nX\n{{end}}{{end}}, N", {"a": 1, "b": 1}, "X, N", id="two ends"),
        pytest.param("{{if\n a\n}}\nX\n{{end\n}}\nY", {"a": 1}, "X\nY", id="a break inside a tag ends no line"),
        pytest.param("{{{if a}}}\nX\n{{{end}}}\nY", {"a": 1}, "X\nY", id="triple braces"),
        pytest.param("A\u00a0{{if a}}\nX{{end}}", {"a": 1}, "A\u00a0\nX", id="a no-break space is no blank"),
    ],
)
@pytest.mark.parametrize("part", ["text", "html", "Header:Subject"])
def test_blanks_and_breaks(part: str, template: str, data: dict[str, object], output: str) -> None:
    assert rendered(part, template, data) == output


def test_the_rules_hold_inside_inclusions() -> None:
    data = {"dynamic_html": {"c": "{{if on}}\nA\n{{end}}, B"}, "on": 1}
    assert rendered("html", "{{ render_dynamic_content(dynamic_html.c) }}", data) == "A, B"
