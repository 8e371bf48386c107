"""Which data a template asks for, and whether a recipient has it."""

import pytest

from transmissions.language import Scope, SyntaxFault
from transmissions.language.elements import elements
from transmissions.language.names import is_missing, uses


def found(source: str, part: str = "html") -> list[tuple[str, int, bool]]:
    return [(".".join(use.path), use.line, use.has_fallback) for use in uses(part, source)]


@pytest.mark.parametrize(
    "source, expected",
    [
        ("plain", []),
        ("{{name}}\n{{{ trip.from.city }}}", [("name", 1, False), ("trip.from.city", 2, False)]),
        ('{{ trip["to"] }}', [("trip.to", 1, False)]),
        ("{{ fares[class] }}", [("fares", 1, False), ("class", 1, False)]),
        ("{{ seats[1].row }}", [("seats", 1, False)]),
        ('{{ name or "friend" }}', [("name", 1, True)]),
        ("{{ name or nick }}", [("name", 1, True), ("nick", 1, False)]),
        ("{{ (name or nick).first }}", [("name", 1, True), ("nick", 1, False)]),
        ("{{ price * 2 + #items }}", [("price", 1, False), ("items", 1, False)]),
        (
            "{{if vip}}a{{elseif level > 3}}b{{else}}{{name}}{{end}}",
            [("vip", 1, True), ("level", 1, True), ("name", 1, False)],
        ),
        ("{{if name}}{{name}}{{end}}{{name}}", [("name", 1, True), ("name", 1, True), ("name", 1, False)]),
        ("{{if trip}}{{trip.to}}{{end}}", [("trip", 1, True), ("trip.to", 1, True)]),
        ("{{if not empty(cart)}}x{{end}}", [("cart", 1, True)]),
        (
            "{{each cart}}\n{{loop_var.title}} {{loop_index}} {{loop_vars.cart}} {{shop}}\n{{end}}",
            [("cart", 1, False), ("shop", 2, False)],
        ),
        ("{{ render_dynamic_content(dynamic_html.card) }}", [("dynamic_html.card", 1, False)]),
        ("{{ opening_double_curly() }}{{ a }}", [("a", 1, False)]),
        ("{{ true and 1 }}{{ nil }}", []),
    ],
)
def test_uses(source: str, expected: list[tuple[str, int, bool]]) -> None:
    assert found(source) == expected


def test_deep_templates_are_read() -> None:
    source = "{{if a}}" * 120 + "{{b}}" + "{{end}}" * 120
    assert found(source)[-1] == ("b", 1, False)
    assert len(found("{{ " + "-(" * 900 + "a" + ")" * 900 + " }}")) == 1


def test_a_template_that_is_none_has_no_names() -> None:
    with pytest.raises(SyntaxFault) as fault:
        uses("Header:Subject", "{{ x")
    assert (fault.value.part, fault.value.line) == ("Header:Subject", 1)


@pytest.mark.parametrize(
    "path, expected",
    [
        (("name",), False),
        (("gone",), True),
        (("null",), True),
        (("trip", "to"), False),
        (("trip", "from"), True),
        (("trip", "to", "city"), True),
        (("name", "first"), True),
        (("shared",), False),
        (("uid",), False),
        (("dynamic_html", "own"), True),
        (("dynamic_html", "card"), False),
        (("email",), False),
        (("address", "name"), True),
    ],
)
def test_what_a_recipient_lacks(path: tuple[str, ...], expected: bool) -> None:
    scope = Scope(
        recipient_data={"name": "Ana", "null": None, "trip": {"to": "Faro"}, "dynamic_html": {"own": "x"}},
        transmission_data={"shared": 0, "null": 1, "dynamic_html": {"card": "x"}},
        recipient_metadata={"uid": ""},
        email="ana@example.net",
    )
    assert is_missing(scope, path) is expected


def test_elements_are_read_as_browsers_do() -> None:
    markup = (
        '<A HREF="x?a=1&amp;b" href=y>t</a><!-- <a> --><img src=p.png alt><style><b></style><br/><a title=\'"\''
    )
    assert [(element.name, element.attributes) for element in elements(markup)] == [
        ("a", {"href": "x?a=1&b"}),
        ("img", {"src": "p.png", "alt": ""}),
        ("style", {}),
        ("br", {}),
    ]
