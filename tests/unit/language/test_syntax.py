"""Syntax faults beyond the vectors: what, and on which line (contract 40 §1, §14)."""

import pytest

from tests.unit.language.support import rendered
from transmissions.language import SyntaxFault, check_part, compile_part


@pytest.mark.parametrize(
    ("template", "line", "what"),
    [
        ("{{if}}x{{end}}", 1, "syntax error near '}}'"),
        ("{{{ }}}", 1, "syntax error near '}}}'"),
        ("{{else if x}}", 1, "syntax error near 'if'"),
        ("{{if x}}{{else if y}}{{end}}", 1, "syntax error near 'if'"),
        ("{{if x}}{{else}}{{else}}{{end}}", 1, "syntax error near 'else'"),
        ("{{if x}}{{else}}{{elseif y}}{{end}}", 1, "syntax error near 'elseif'"),
        ("{{each x}}{{else}}{{end}}", 1, "syntax error near 'else'"),
        ("{{if x then y}}{{end}}", 1, "syntax error near 'y'"),
        ("{{each x then}}{{end}}", 1, "syntax error near 'then'"),
        ("{{end x}}", 1, "syntax error near 'x'"),
        ("{{ x.end }}", 1, "syntax error near 'end'"),
        ("{{ a..b }}", 1, "syntax error near '.'"),
        ("{{ a ~= b }}", 1, "syntax error near '~'"),
        ("{{ a % b }}", 1, "syntax error near '%'"),
        ("{{ a = b }}", 1, "syntax error near '='"),
        ("{{ !a }}", 1, "syntax error near '!'"),
        ("{{if a &gt; b}}x{{end}}", 1, "syntax error near '&'"),
        ("{{ naïve }}", 1, "syntax error near 'ï'"),
        ("{{ 5a }}", 1, "syntax error near 'a'"),
        ("{{ .5 }}", 1, "syntax error near '.'"),
        ('{{ a "b" }}', 1, "syntax error near '\"b\"'"),
        ("{{ (a }}", 1, "syntax error near '}}'"),
        ("{{ a) }}", 1, "syntax error near ')'"),
        ("{{ a[1) }}", 1, "syntax error near ')'"),
        ("{{ a.b(c) }}", 1, "syntax error near '('"),
        ("{{ empty() }}", 1, "syntax error near ')'"),
        ("{{ empty(a, b) }}", 1, "syntax error near ','"),
        ("{{ opening_single_curly(x) }}", 1, "syntax error near 'x'"),
        ("{{ function(x) }}", 1, "syntax error near 'function'"),
        ("{{ nil(x) }}", 1, "syntax error near '('"),
        ("{{ 'abc }}", 1, "substitution statement missing ending '}}'"),
        ("{{{ name }}", 1, "substitution statement missing ending '}}'"),
        ("a {{", 1, "substitution statement missing ending '}}'"),
        ("a\n{{each x}}\n{{if y}}\n{{end}}", 2, "missing 'end' for 'each'"),
        ("{{if x}}\n{{end}}\n{{end}}", 3, "unexpected 'end'"),
        ("{{end}} {{ a b }}", 1, "unexpected 'end'"),
        ("a\r\n\r\n{{\n\n a b }}", 3, "syntax error near 'b'"),
        ("{{ 'a\nb' }}\n{{ a b }}", 3, "syntax error near 'b'"),
        ("{{ " + "x" * 100 + "() }}", 1, f"unknown macro '{'x' * 100}'"),
        ("{{ a '" + "x" * 100 + "' }}", 1, f"syntax error near ''{'x' * 59}…'"),
        ("{{ a " + "1" * 5000 + " }}", 1, f"syntax error near '{'1' * 60}…'"),
        ("{{ " + "1" * 5000 + " }}", 1, f"syntax error near '{'1' * 60}…'"),
    ],
)
def test_faults(template: str, line: int, what: str) -> None:
    for compile_or_check in (compile_part, check_part):
        with pytest.raises(SyntaxFault) as caught:
            compile_or_check("html", template)
        assert (caught.value.part, caught.value.line, caught.value.what) == ("html", line, what)


def test_the_part_is_named() -> None:
    with pytest.raises(SyntaxFault) as caught:
        compile_part("Header:Subject", "{{")
    assert str(caught.value).startswith("Error while compiling part Header:Subject: line 1: ")


@pytest.mark.parametrize(
    ("template", "output"),
    [
        ("{{ iffy }}{{ ended }}{{ eachone }}", "123"),
        ("{{{{{ iffy }}}}}", "{{1}}"),
        ("{}{ {iffy} } }} }}}", "{}{ {iffy} } }} }}}"),
        (r"{{ 'a\'b\\\n\q\"' }}", "a'b\\\nq\""),
        ("{{ '}}' }}{{{ \"}}}\" }}}", "}}}}}"),
        ("{{if(iffy)}}y{{end}}", "y"),
        ("{{ o .\n k\t[ 'x' ] }}", "deep"),
        ("{{ 1e3 }} {{ 1.5E+2 }} {{ 25e-1 }}", "1000 150 2.5"),
    ],
)
def test_what_is_allowed(template: str, output: str) -> None:
    data = {"iffy": 1, "ended": 2, "eachone": 3, "o": {"k": {"x": "deep"}}}
    assert rendered("text", template, data) == output


@pytest.mark.parametrize("macro", ["render_snippet", "render_dynamic_content"])
def test_snippets_may_not_call_for_more(macro: str) -> None:
    source = f"a\n{{{{if x or {macro}(dynamic_html.y)}}}}b{{{{end}}}}"
    check_part("html", source)
    with pytest.raises(SyntaxFault, match=f"line 2: unknown macro '{macro}'"):
        check_part("html", source, is_snippet=True)
    check_part("html", "{{ empty(x) }} {{ opening_single_curly() }}", is_snippet=True)
