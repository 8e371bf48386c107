"""Pieces in the caller's encoding: static text is encoded while compiling, once."""

from tests.unit.language.support import Clicks
from transmissions.language import Encoding, Pixels, Scope, compile_part

TEMPLATE = (
    '<html><body>{{a}} <b>{{a}}</b> <a href="https://x.test/">x</a> <a href="https://x.test/{{a}}">y</a>'
    "{{if a}}z{{end}}</body>"
)


def test_static_text_is_encoded_once_and_values_each_time() -> None:
    static: list[str] = []

    def encode_static(text: str) -> str:
        static.append(text)
        return f"s({text})"

    encoding = Encoding(encode_static, lambda text: f"v({text})", lambda text: f"l({text})")
    program = compile_part("html", TEMPLATE, encoding=encoding)
    encoded = list(static)
    for value in ("1", "2"):
        pieces = program.render(Scope(transmission_data={"a": value}), Clicks(), Pixels("top", "bottom"))
        assert pieces == [
            "s(<html><body>)",
            "top",
            f"v({value})",
            "s( <b>)",
            f"v({value})",
            's(</b> <a href=")',
            "l(T(https://x.test/))",
            's(">x</a> <a href=")',
            f"l(T(https://x.test/{value}))",
            's(">y</a>)',
            "s(z)",
            "bottom",
            "s(</body>)",
        ]
    assert static == encoded


def test_bytes() -> None:
    encoding = Encoding(str.encode, str.encode)
    pieces = compile_part("html", TEMPLATE, encoding=encoding).render(Scope(transmission_data={"a": "é"}), Clicks())
    assert b"".join(pieces).decode().startswith("<html><body>é <b>é</b>")


def test_a_part_without_tags_is_one_piece() -> None:
    assert compile_part("text", "a\nb\n" * 100).render(Scope()) == ["a\nb\n" * 100]
