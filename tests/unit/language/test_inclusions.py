"""Dynamic content and snippets (contract 40 §11)."""

from typing import Any

import pytest

from tests.unit.language.support import Clicks, rendered, tracked
from transmissions.language import PLAIN, Encoding, RenderFault, Scope, compile_part

REFUSED = "is not allowed inside of dynamic content and snippets"
NO_ROOT = "render_dynamic_content needs a member of dynamic_html, dynamic_plain or dynamic_amp_html"
SNIPPETS = {
    "foot": {"html": "<hr>{{y}}", "text": "(c) {{y}}", "amp_html": "<amp>{{y}}"},
    "html only": {"html": "<b>", "text": None},
    "link": {"html": '<a href="https://x.test/{{y}}" data-msys-linkname="n">', "text": "https://x.test/{{y}}."},
    "nested": {"html": '{{render_snippet("foot")}}'},
    "broken": {"html": "\n{{"},
    "faulty": {"html": "\n\n{{y + 'x'}}"},
}


def with_snippets(part: str, template: str, data: dict[str, Any], scope: Scope | None = None) -> str:
    program = compile_part(part, template, find_snippet=SNIPPETS.get)
    return "".join(program.render(scope or Scope(transmission_data=data)))


@pytest.mark.parametrize(
    ("part", "template", "output"),
    [
        ("html", '{{ render_snippet("foot") }}', "<hr>a&amp;b"),
        ("html", '{{{ render_snippet("foot") }}}', "<hr>a&amp;b"),
        ("text", '{{ render_snippet("foot") }}', "(c) a&b"),
        ("amp_html", '{{ render_snippet("foot") }}', "<amp>a&amp;b"),
        ("text/html", '{{ render_snippet("foot") }}', "<hr>a&amp;b"),
        ("Header:Subject", '{{ render_snippet("foot") }}', "(c) a&b"),
        ("text", '[{{ render_snippet("html only") }}]', "[]"),
        ("html", '{{ gone or render_snippet("foot") }}', "<hr>a&amp;b"),
        ("html", '{{ render_snippet("foot") == "<hr>a&amp;b" }}', "true"),
        ("html", '{{ #render_snippet("foot") }}', "11"),
        ("html", '{{if empty(render_snippet("html only"))}}x{{else}}y{{end}}', "y"),
    ],
)
def test_snippets(part: str, template: str, output: str) -> None:
    assert with_snippets(part, template, {"y": "a&b"}) == output


@pytest.mark.parametrize(
    ("template", "what"),
    [
        ('\n{{ render_snippet("nope") }}', "unknown snippet 'nope'"),
        ('\n{{ render_snippet("nested") }}', f"snippet 'nested', line 1: render_snippet {REFUSED}"),
        (
            '\n{{ render_snippet("broken") }}',
            "snippet 'broken', line 2: substitution statement missing ending '}}'",
        ),
        ('\n{{ render_snippet("faulty") }}', "snippet 'faulty', line 3: attempt to perform arithmetic on a string"),
        (
            "\n{{ render_dynamic_content(dynamic_html.nested) }}",
            f"dynamic content, line 1: render_dynamic_content {REFUSED}",
        ),
        (
            "\n{{ render_dynamic_content(dynamic_html.snippet) }}",
            f"dynamic content, line 1: render_snippet {REFUSED}",
        ),
        ("\n{{ render_dynamic_content(dynamic_html.broken) }}", "dynamic content, line 1: syntax error near 'b'"),
        (
            "\n{{ render_dynamic_content(dynamic_html.faulty) }}",
            "dynamic content, line 1: attempt to perform arithmetic on null",
        ),
        ("\n{{ render_dynamic_content(dynamic_html) }}", "render_dynamic_content needs text, not an object"),
        ("\n{{ render_dynamic_content(dynamic_html.number) }}", "render_dynamic_content needs text, not a number"),
        ("\n{{ render_dynamic_content(y) }}", NO_ROOT),
        ('\n{{ render_dynamic_content("dynamic_html") }}', NO_ROOT),
        ("\n{{ render_dynamic_content(y or dynamic_html.card) }}", NO_ROOT),
    ],
)
def test_faults(template: str, what: str) -> None:
    inclusions = {
        "nested": "{{render_dynamic_content(dynamic_html.card)}}",
        "snippet": '{{"" or render_snippet("foot")}}{{gone or render_snippet("foot")}}',
        "broken": "{{a b}}",
        "faulty": "{{gone + 1}}",
        "number": 5,
        "card": "x",
    }
    with pytest.raises(RenderFault) as caught:
        with_snippets("html", template, {"y": 1, "dynamic_html": inclusions})
    assert (caught.value.part, caught.value.line, caught.value.what) == ("html", 2, what)


def test_a_fault_in_a_inclusion_that_is_not_used_harms_nobody() -> None:
    data = {"dynamic_html": {"broken": "{{", "card": "x"}}
    assert rendered("html", "{{ render_dynamic_content(dynamic_html.card) }}", data) == "x"


def test_five_snippets_in_all_parts_of_a_message() -> None:
    scope = Scope(transmission_data={"y": 1})
    three = '{{render_snippet("foot")}}' * 3
    assert with_snippets("text", three, {}, scope) == "(c) 1" * 3
    assert with_snippets("html", '{{render_snippet("foot")}}' * 2, {}, scope) == "<hr>1" * 2
    with pytest.raises(RenderFault, match="more than 5 calls of render_snippet in one message"):
        with_snippets("html", '{{render_snippet("foot")}}', {}, scope)


def test_dynamic_content_sees_the_data_and_the_loops_of_its_place() -> None:
    data = {
        "l": ["a", "b"],
        "who": "me",
        "dynamic_html": {
            "c": "{{loop_index}}{{loop_var}}{{loop_vars.l}}{{loop_vars}}{{who}}"
            "{{each n}}{{loop_var}}{{loop_vars.l}}{{end}};"
        },
        "n": [7],
    }
    template = "{{each l}}{{ render_dynamic_content(dynamic_html.c) }}{{end}}"
    escaped = "{&quot;l&quot;:&quot;%s&quot;}"
    assert rendered("html", template, data) == f"1aa{escaped % 'a'}me7a;2bb{escaped % 'b'}me7b;"


def test_the_call_without_macro_is_data() -> None:
    assert rendered("html", "{{dynamic_html.c}}", {"dynamic_html": {"c": "<b>{{x}}"}, "x": 1}) == "&lt;b&gt;{{x}}"


def test_links_of_inclusions_are_tracked() -> None:
    clicks = Clicks()
    program = compile_part(
        "html", '<a href="https://y.test/">{{render_snippet("link")}}', find_snippet=SNIPPETS.get
    )
    assert "".join(program.render(Scope(transmission_data={"y": "a b"}), clicks)) == (
        '<a href="T(https://y.test/)"><a href="T(https://x.test/a%20b)">'
    )
    assert [(site.index, site.position) for site in clicks.sites] == [(0, 1), (1, 1)]
    assert program.links == tuple(clicks.sites)


def test_links_of_text_inclusions() -> None:
    data = {"dynamic_plain": {"c": "see https://x.test/{{v}}."}, "v": "é"}
    output, _ = tracked("text", "{{render_dynamic_content(dynamic_plain.c)}}", data)
    assert output == "see T(https://x.test/%C3%A9)."


def test_inclusions_in_another_encoding() -> None:
    upper = Encoding(lambda text: f"[{text}]", str.upper)
    program = compile_part(
        "html",
        '{{render_snippet("foot")}}{{gone or render_snippet("foot")}}',
        encoding=upper,
        find_snippet=SNIPPETS.get,
    )
    assert program.render(Scope(transmission_data={"y": "q"})) == ["[<hr>]", "Q", "<HR>Q"]
    assert PLAIN.value("x") == "x"


def test_without_substitution_calls_are_text() -> None:
    assert rendered("html", '{{ render_snippet("foot") }}', substitute=False) == '{{ render_snippet("foot") }}'
