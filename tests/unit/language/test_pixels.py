"""Where the pixels go (contract 50 §3, §13.1 to §13.4), and when that is certain before rendering."""

import pytest

from tests.unit.language.support import compiled, rendered, with_pixels
from transmissions.language import Pixels, Scope, insert_pixels

LITERAL = [
    ("<html><body>x</body></html>", "<html><body>[top]x[bottom]</body></html>"),
    ('<HTML><BODY bgcolor="#fff">x</BODY></HTML>', '<HTML><BODY bgcolor="#fff">[top]x[bottom]</BODY></HTML>'),
    ("<html><body>x</html>", "<html><body>[top]x[bottom]</html>"),
    ("<html><body>x", "<html><body>[top]x[bottom]"),
    ("<body>x</body>", "<body>x[bottom]</body>"),
    ("<html>x</html>", "<html>x[bottom]</html>"),
    ("<p>x</p>", "<p>x</p>[bottom]"),
    ("", "[bottom]"),
    ("<html><body>a<body>b</body>c</body></html>d", "<html><body>[top]a<body>b</body>c[bottom]</body></html>d"),
    ("<html><!-- <body> --><body>x<!-- </body> -->", "<html><!-- <body> --><body>[top]x<!-- </body> -->[bottom]"),
    ("<html><body>x<script>'</body>'</script>", "<html><body>[top]x<script>'</body>'</script>[bottom]"),
    ("<html><title><body></title><body>x</body >", "<html><title><body></title><body>[top]x[bottom]</body >"),
    ("<html><bodyx>x</bodyx>", "<html><bodyx>x</bodyx>[bottom]"),
    ("<html><body></body>", "<html><body>[top][bottom]</body>"),
    ("<body><html>x", "<body>[top]<html>x[bottom]"),
    ("</body><html><body>x", "[bottom]</body><html><body>[top]x"),
]


@pytest.mark.parametrize(("template", "output"), LITERAL)
def test_literal_markup_is_certain(template: str, output: str) -> None:
    assert compiled("html", template).pixels_certain
    assert with_pixels(template) == output


@pytest.mark.parametrize(("markup", "output"), LITERAL)
def test_the_slow_way_agrees(markup: str, output: str) -> None:
    assert insert_pixels(markup, "[top]", "[bottom]") == output


def test_one_pixel_or_none() -> None:
    template = "<html><body>x</body></html>"
    program = compiled("html", template)
    assert "".join(program.render(Scope(), None, Pixels(bottom="[b]"))) == "<html><body>x[b]</body></html>"
    assert "".join(program.render(Scope(), None, Pixels(top="[t]"))) == "<html><body>[t]x</body></html>"
    assert "".join(program.render(Scope(), None, Pixels())) == template
    assert insert_pixels(template, None, "[b]") == "<html><body>x[b]</body></html>"
    assert insert_pixels(template, "[t]", None) == "<html><body>[t]x</body></html>"


@pytest.mark.parametrize(
    ("template", "certain"),
    [
        ("<html><body>{{x}}</body></html>", True),
        ("<html><body>{{{x}}}</body></html>", True),
        ('<html><body><a href="https://{{{x}}}/"></a>', True),
        ("<html><body>{{if x}}<p>{{end}}</body></html>", True),
        ("<html><body><p {{if x}}id='y'{{end}}></body></html>", True),
        ("<html><body>{{render_dynamic_content(dynamic_html.x)}}</body></html>", True),
        ("<p>{{x}}</p>", True),
        ("<p {{if x}}id='y'{{end}}>", True),
        ("{{{x}}}<html><body></body></html>", False),
        ("<html><body></body>{{{x}}}", False),
        ("<html><body>{{{x}}}</html>", False),
        ("<html><body>{{{x}}}", False),
        ("{{{x}}}", False),
        ("{{x or opening_single_curly()}}", False),
        ("<html>{{if x}}<body>{{else}}<body class='b'>{{end}}</body></html>", False),
        ("<html><body {{if x}}class='b'{{end}}></body></html>", False),
        ("<html><body>{{if x}}</body>{{end}}</html>", False),
        ('{{render_snippet("foot")}}', False),
        ("<html><body>x</body", False),
    ],
)
def test_what_is_certain(template: str, certain: bool) -> None:
    assert compiled("html", template).pixels_certain is certain


@pytest.mark.parametrize("x", ["</body>", "<html><body>", "a"])
@pytest.mark.parametrize(
    "template", ["<html><body>{{{x}}}</body></html>", "<html><body>{{{x}}}{{if x}}y{{end}}</body>"]
)
def test_where_it_is_certain_both_ways_agree(template: str, x: str) -> None:
    assert with_pixels(template, {"x": x}) == insert_pixels(
        rendered("html", template, {"x": x}), "[top]", "[bottom]"
    )
