"""Values, their text and the operators (contract 40 §4, §5, §8, §16.11, §16.12)."""

from typing import Any

import pytest

from tests.unit.language.support import rendered
from transmissions.language import RenderFault


@pytest.mark.parametrize(
    ("value", "output"),
    [
        (1e3, "1000"),
        (-0.0, "0"),
        (5.10, "5.1"),
        (0.1, "0.1"),
        (1e-7, "0.0000001"),
        (-1.5e-10, "-0.00000000015"),
        (1 / 3, "0.33333333333333"),
        (12345678.987654321, "12345678.987654"),
        (99999999999999.96, "100000000000000"),
        (1e22, "10000000000000000000000"),
        (2**70, str(2**70)),
        pytest.param(10**5000, "inf", id="huge"),
        (float("-inf"), "-inf"),
        (float("nan"), "nan"),
        (True, "true"),
        ([], "[]"),
        ({}, "{}"),
        (
            [1.0, 2.50, True, None, 'é"\\\n\x01', [{}], {"a": float("nan")}],
            '[1,2.5,true,null,"é\\"\\\\\\n\\u0001",[{}],{"a":null}]',
        ),
        ("a\0b", "ab"),
        (["a\0b"], '["a\\u0000b"]'),
        ("\ud83d half", "\ufffd half"),
        (object(), ""),
    ],
)
def test_text(value: Any, output: str) -> None:
    assert rendered("text", "{{v}}", {"v": value}) == output


@pytest.mark.parametrize(
    ("expression", "output"),
    [
        ("l[1.0] or '-'", "a"),
        ("l[1.5] or '-'", "-"),
        ("l['1'] or '-'", "-"),
        ("l[true] or '-'", "-"),
        ("l[-1] or '-'", "-"),
        ("l[1e999] or '-'", "-"),
        ("o[5]", "five"),
        ("o[2.5]", "half"),
        ("o[true] or '-'", "-"),
        ("o[l] or '-'", "-"),
        ("s.x or '-'", "-"),
        ("s[1] or '-'", "-"),
        ("o.o.o.o", ""),
        ("#s", "4"),
        ("#o", "3"),
        ("'10' + ' 5 '", "15"),
        ("'1.5e1' * 2", "30"),
        ("'-3' - 1", "-4"),
        ("-'3'", "-3"),
        ("2 - -n", "7"),
        ("- - n", "5"),
        ("-n - -n", "0"),
        ("0 * -1", "0"),
        ("n == 5.0", "true"),
        ("n == '5'", "false"),
        ("n != nil", "true"),
        ("gone == nil", "true"),
        ("true == 1", "false"),
        ("l == l2", "true"),
        ("l == o", "false"),
        ("o == o2", "false"),
        ("n > '4.5'", "true"),
        ("'10' < '9'", "true"),
        ("10 < '9'", "false"),
        ("gone <= gone", "false"),
        ("1 < 2 == true", "true"),
        ("not gone and n", "5"),
        ("gone and n or 'x'", "x"),
        ("false or gone", ""),
        ("nil or true and 'x'", "x"),
        ("nil and 'x' or not nil", "true"),
        ("gone or false", "false"),
        ("n > 3 and 'big' or 'small'", "big"),
        ("not not n", "true"),
        ("not #l == 2", "false"),
        ("#l == 2", "true"),
        ("empty('')", "true"),
        ("empty(0) == false", "true"),
        ("empty(o) or 'full'", "full"),
        ("9007199254740993 + 1", "9007199254740994"),
        ("'a' or 1 + 's'", "a"),
        ("gone and 1 + 's'", ""),
    ],
)
def test_expressions(expression: str, output: str) -> None:
    data = {"n": 5, "s": "zürî", "l": ["a", "b"], "l2": ["a", "b"], "o": {"5": "five", "2.5": "half", "k": 1}}
    data["o2"] = data["o"] | {"k": 1, "more": [1]}
    assert rendered("text", "{{" + expression + "}}", data) == output
    assert (
        rendered("text", "{{if true}}{{each one}}{{" + expression + "}}{{end}}{{end}}", data | {"one": [0]})
        == output
    )


@pytest.mark.parametrize(
    ("expression", "what"),
    [
        ("true + 1", "attempt to perform arithmetic on a boolean"),
        ("'x' * 2", "attempt to perform arithmetic on a string"),
        ("'' + 1", "attempt to perform arithmetic on a string"),
        ("1 + o", "attempt to perform arithmetic on an object"),
        ("-l", "attempt to perform arithmetic on an array"),
        ("'x' / 0", "attempt to perform arithmetic on a string"),
        ("1 / '0'", "division by zero"),
        ("1 < true", "attempt to compare a number with a boolean"),
        ("'x' < 1", "attempt to compare a string with a number"),
        ("l < l", "attempt to compare an array with an array"),
        ("#5", "attempt to get the length of a number"),
        ("#true", "attempt to get the length of a boolean"),
        ("1e308 * 10", "number out of range"),
        ("big * big", "number out of range"),
        ("big / 1", "number out of range"),
        ("render_snippet(gone)", "render_snippet needs the id of a snippet, not null"),
        ("render_snippet(5)", "render_snippet needs the id of a snippet, not a number"),
    ],
)
def test_render_faults(expression: str, what: str) -> None:
    with pytest.raises(RenderFault) as caught:
        rendered("html", "\n\n{{" + expression + "}}", {"o": {}, "l": [], "big": 10**2500})
    assert (caught.value.part, caught.value.line, caught.value.what) == ("html", 3, what)


@pytest.mark.parametrize("value", [{"a": 1}, "abc", 5, True])
def test_only_arrays_are_looped_over(value: Any) -> None:
    with pytest.raises(RenderFault, match="line 2: attempt to loop over"):
        rendered("text", "\n{{each v}}x{{end}}", {"v": value})


def test_nothing_is_called_or_read_from_data() -> None:
    class Trap:
        def __getattr__(self, name: str) -> Any:
            raise AssertionError(name)

        def __str__(self) -> str:
            raise AssertionError

    assert rendered("html", "{{t}}{{t.x}}{{t[1]}}{{t.__class__}}{{s.upper}}", {"t": Trap(), "s": "x"}) == ""
