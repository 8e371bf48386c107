"""What holds for every template and all data."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.language.support import SNIPPETS, Clicks, compiled, rendered
from transmissions.language import Program, RenderFault, Scope, SyntaxFault, check_part, compile_part

SYNTAX = re.compile(
    r"syntax error near '.+'|substitution statement missing ending '}}'|unexpected 'end'"
    r"|missing 'end' for '(if|each)'|unknown macro '\w+'",
    re.DOTALL,
)
RENDER = re.compile(
    r"(snippet '.*', line \d+: |dynamic content, line \d+: )?"
    r"(attempt to (perform arithmetic|get the length|compare|loop over) .+|division by zero|number out of range"
    r"|unknown snippet '.*'|render_snippet needs .+|render_dynamic_content needs .+|more than 5 calls of .+"
    r"|\w+ is not allowed inside .+|rendered content is larger .+|too much work in loops|syntax error near .+"
    r"|substitution statement missing .+|unexpected 'end'|missing 'end' for .+|unknown macro .+)",
    re.DOTALL,
)
PARTS = st.sampled_from(["text", "html", "amp_html", "Header:Subject"])
NAMES = ["a", "b", "list", "object", "dynamic_html", "loop_var", "loop_vars", "loop_index", "email", "address"]

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from(["5", "{{a}}", "<b>", "foot"])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
)
data = st.dictionaries(st.sampled_from(NAMES), values, max_size=8)

operands = st.sampled_from(
    [*NAMES, "5", "0.5", '"x"', "'<'", "true", "nil", "(", ")", "[1]", '["k"]', ".k", "foo("]
)
operators = st.sampled_from(["+", "-", "*", "/", "==", "!=", "<", ">=", "and", "or", "not", "#", ",", "&", "then"])
macros = st.sampled_from(
    ["empty(a)", "render_snippet(a)", 'render_snippet("foot")', "render_dynamic_content(dynamic_html.a)"]
)
expressions = st.lists(operands | operators | macros, min_size=1, max_size=5).map(" ".join)
sound = st.sampled_from([*NAMES, "a + b", "#list", "a or b", "a < b", "not a", "list[1]", "object.k", 'empty("")'])
markup = st.sampled_from(
    [
        "<a href='https://x.test/",
        "'>",
        '"',
        "<!--",
        "-->",
        "<p ",
        ">",
        "https://x.test/",
        "[[data-msys-linkname=",
        "]]",
    ]
)
tags = (expressions | sound | macros).map(lambda inner: "{{" + inner + "}}")
raw_tags = (expressions | sound).map(lambda inner: "{{{" + inner + "}}}")
statements = sound.flatmap(
    lambda inner: st.sampled_from([f"{{{{if {inner}}}}}", f"{{{{each {inner}}}}}", "{{else}}"])
)
closing = st.just("{{end}}")
pieces = st.one_of(tags, raw_tags, statements, closing, markup, st.text(max_size=4), st.sampled_from("{}\n \t"))
loose = st.lists(pieces, max_size=12).map("".join)


def block(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    opened = sound.flatmap(
        lambda condition: st.sampled_from([f"{{{{if {condition}}}}}", f"{{{{each {condition}}}}}"])
    )
    return st.tuples(opened, st.lists(inner, max_size=3).map("".join)).map(
        lambda pair: f"{pair[0]}{pair[1]}{{{{end}}}}"
    )


balanced = st.lists(st.recursive(tags | markup | st.text(max_size=3), block), max_size=4).map("".join)
templates = loose | balanced


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PARTS, templates, data)
def test_every_template_renders_or_gives_a_fault_of_the_catalogue(part: str, template: str, data: Any) -> None:
    try:
        check_part(part, template)
        is_sound = True
    except SyntaxFault:
        is_sound = False
    if not is_sound:
        with pytest.raises(SyntaxFault) as caught:
            compile_part(part, template)
        assert SYNTAX.fullmatch(caught.value.what)
        assert 1 <= caught.value.line <= template.count("\n") + 1
        return
    program = compile_part(part, template, find_snippet=SNIPPETS.get)
    first, second = outcome(program, data), outcome(program, data)
    assert first == second


def outcome(program: Program[str], data: Any) -> str:
    """What rendering gives: fit to be sent, or a fault of the catalogue."""
    try:
        shown = "".join(program.render(Scope(transmission_data=data), Clicks()))
    except RenderFault as fault:
        return RENDER.fullmatch(fault.what)[0]  # type: ignore[index]
    assert "\0" not in shown
    shown.encode()
    return shown


@settings(deadline=None)
@given(st.text(), st.text())
def test_data_is_never_executed(name: str, other: str) -> None:
    data = {"name": name + "{{other}}", "other": other}
    expected = re.sub("[\ud800-\udfff]", "\ufffd", name.replace("\0", "")) + "{{other}}"
    assert rendered("text", "[{{name}}]", data) == f"[{expected}]"


soup = st.lists(
    st.sampled_from(
        [
            "<a ",
            "<p",
            " href=",
            "'https://x.test/",
            "'",
            '"',
            ">",
            "</p>",
            "<!--",
            "-->",
            "<style>",
            "</style>",
            "x",
            " ",
        ]
    ),
    max_size=10,
)


@settings(deadline=None)
@given(soup, st.integers(0, 10), st.text(alphabet="<>&\"'/ abc"))
def test_values_bring_no_markup(fragments: list[str], place: int, value: str) -> None:
    template = "".join([*fragments[:place], "{{value}}", *fragments[place:]])
    shown = rendered("html", template, {"value": value})
    assert shown.count("<") == template.count("<")
    assert shown.count('"') == template.count('"')
    assert shown.count("'") == template.count("'")


@settings(deadline=None)
@given(st.text() | soup.map("".join), PARTS)
def test_a_text_without_tags_stays_as_it_is(template: str, part: str) -> None:
    if "{{" in template or "data-msys-" in template:
        return
    expected = re.sub("[\ud800-\udfff]", "\ufffd", template.replace("\0", ""))
    assert rendered(part, template) == expected


LINK_SOUP = st.lists(
    st.sampled_from(
        [
            "<a ",
            "<a",
            "<p ",
            " href=",
            "'https://x.test/1'",
            '"https://x.test/2"',
            "'",
            '"',
            "https://x.test/3",
            ">",
            " data-msys-linkname='n'",
            ' data-msys-clicktrack="0"',
            "</p>",
            "<!--",
            "-->",
            "<style>",
            "</style>",
            "x",
            "&amp;",
        ]
    ),
    max_size=14,
)


FORMS = (
    ("{{if yes}}", "{{end}}"),
    ("{{each once}}", "{{end}}"),
    ("{{if no}}<a href='https://x.test/never{{else}}", "{{end}}"),
)


def with_blocks(fragments: list[str], blocks: list[tuple[int, int, int]]) -> str:
    """The fragments with statements around stretches of them that do not cross."""
    taken: list[tuple[int, int]] = []
    before: list[str] = [""] * (len(fragments) + 1)
    for one, other, form in blocks:
        start, end = sorted((min(one, len(fragments)), min(other, len(fragments))))
        if any(first < start < last < end or start < first < end < last for first, last in taken) or start == end:
            continue
        if any(start in pair or end in pair for pair in taken):
            continue
        taken.append((start, end))
        before[start] += FORMS[form][0]
        before[end] = FORMS[form][1] + before[end]
    return "".join(cut + fragment for cut, fragment in zip(before, [*fragments, ""], strict=True))


places = st.integers(0, 14)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LINK_SOUP, st.lists(st.tuples(places, places, st.integers(0, 2)), max_size=4))
def test_statements_never_change_how_markup_is_read(
    fragments: list[str], blocks: list[tuple[int, int, int]]
) -> None:
    """The same markup cut by statements anywhere gives the same links: regions are read as exactly as runs."""
    whole, cut = Clicks(), Clicks()
    expected = "".join(compiled("html", "".join(fragments)).render(Scope(), whole))
    program = compiled("html", with_blocks(fragments, blocks))
    shown = "".join(program.render(Scope(transmission_data={"yes": 1, "once": [1]}), cut))
    assert shown == expected
    assert cut.captured == whole.captured
