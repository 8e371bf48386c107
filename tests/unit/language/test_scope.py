"""Where names get their values (contract 40 §2, §3, §16.2 to §16.4, §16.13, §16.14)."""

from typing import Any

import pytest

from tests.unit.language.support import compiled
from transmissions.language import Scope

LEVELS: dict[str, Any] = {
    "recipient_data": {"a": "rs", "n": None, "dynamic_html": {"k": "recipient"}},
    "transmission_data": {"a": "ts", "b": "ts", "n": "ts", "dynamic_html": {"k": "transmission"}},
    "recipient_metadata": {"a": "rm", "b": "rm", "c": "rm", "email": "no", "return_path": "no"},
    "transmission_metadata": {"a": "tm", "b": "tm", "c": "tm", "d": "tm", "loop_var": "no"},
}


def shown(template: str, **changes: Any) -> str:
    given = {**LEVELS, "email": "io@x.test", "name": "Io", "return_path": "b@x.test"} | changes
    return "".join(compiled("text", template).render(Scope(**given)))


@pytest.mark.parametrize(
    ("template", "output"),
    [
        ("{{a}} {{b}} {{c}} {{d}} {{e}}", "rs ts rm tm "),
        ("{{n}}|{{n or 'default'}}", "|default"),
        ("{{{dynamic_html.k}}}", "transmission"),
        (
            "{{email}} {{email_id}} {{address.email}} {{address['email']}}",
            "io@x.test io@x.test io@x.test io@x.test",
        ),
        ("{{address.name}}", "Io"),
        ("{{env_from}} {{return_path}}", "b@x.test b@x.test"),
        ("{{loop_var}}{{loop_index}}{{loop_vars}}{{loop_vars.x}}", "{}"),
        ("{{if address.state == 'MD'}}yes{{else}}no{{end}}", "no"),
    ],
)
def test_levels_and_reserved_names(template: str, output: str) -> None:
    assert shown(template) == output


def test_an_address_object_adds_members_but_not_name_and_email() -> None:
    data = {"address": {"city": "Porto", "name": "no", "email": "no"}}
    assert shown("{{address.city}} {{address.name}} {{address.email}}", recipient_data=data) == "Porto Io io@x.test"


@pytest.mark.parametrize("address", ["12 Street", 5, None, ["x"]])
def test_an_address_of_another_type_is_ignored(address: Any) -> None:
    data = {"address": address}
    assert shown("{{address.name}} {{address.email}}{{address.city}}", recipient_data=data) == "Io io@x.test"


def test_a_missing_name_is_nil() -> None:
    assert shown("Dear {{address.name or 'friend'}}", name="") == "Dear friend"


def test_previews_take_reserved_names_from_the_data() -> None:
    scope = Scope.preview({"address": {"name": "Noor"}, "email": "n@x.test"}, {"m": "meta", "email": "no"})
    template = "{{address.name}} {{address.email}} {{email}} {{email_id}} {{return_path}} {{m}}"
    assert "".join(compiled("text", template).render(scope)) == "Noor  n@x.test   meta"


@pytest.mark.parametrize(
    ("template", "output"),
    [
        ("{{each a.b}}{{loop_vars.b}}{{end}}", "12"),
        ("{{each a['b']}}{{loop_vars.b}}{{loop_vars['b']}}{{end}}", "1122"),
        ("{{each (a.b)}}{{loop_vars.b}}{{end}}", "12"),
        ("{{each none or l}}{{loop_vars.l}}{{end}}", "xy"),
        ("{{each m[1]}}{{loop_vars.m}}{{end}}", "34"),
        ("{{each l}}{{each l}}{{loop_vars.l}}{{end}};{{end}}", "xy;xy;"),
        (
            "{{each l}}{{each a.b}}{{loop_vars.l}}{{loop_var}}{{loop_index}} {{end}}{{loop_index}}{{end}}",
            "x11 x22 1y11 y22 2",
        ),
        (
            "{{each l}}{{each a.b}}{{loop_vars}}{{end}}{{end}}",
            '{"l":"x","b":1}{"l":"x","b":2}{"l":"y","b":1}{"l":"y","b":2}',
        ),
        ("{{each l}}{{loop_vars['l']}}{{loop_vars[k]}}{{end}}", "xxyy"),
        ("{{each l}}{{end}}{{loop_var}}{{loop_vars.l}}", ""),
        ("{{each false}}x{{end}}{{each none}}x{{end}}", ""),
    ],
)
def test_loop_names(template: str, output: str) -> None:
    data = {"a": {"b": [1, 2]}, "l": ["x", "y"], "m": [[3, 4]], "k": "l", "loop_vars": {"l": "no"}}
    assert shown(template, transmission_data=data, recipient_data={}) == output


def test_scopes_hold_references_only() -> None:
    data = {"a": 1}
    scope = Scope(recipient_data=data)
    data["a"] = 2
    assert scope.get("a") == 2
