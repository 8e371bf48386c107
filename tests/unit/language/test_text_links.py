"""Links in plain text (contract 40 §12)."""

import pytest

from tests.unit.language.support import Clicks, rendered, tracked


@pytest.mark.parametrize(
    ("template", "targets"),
    [
        ("https://x.test/", ["https://x.test/"]),
        ("see HTTP://X.test/A.", ["HTTP://X.test/A"]),
        ("a https://x.test/, b https://y.test; c", ["https://x.test/", "https://y.test"]),
        ("https://x.test/a?! 'https://y.test/'...", ["https://x.test/a", "https://y.test/"]),
        ("<https://x.test/>", ["https://x.test/"]),
        ('"https://x.test/"', ["https://x.test/"]),
        ("(https://x.test/)", ["https://x.test/"]),
        ("(see https://x.test/a_(b).)", ["https://x.test/a_(b)"]),
        ("[https://x.test/a[1]], [x](https://y.test/)", ["https://x.test/a[1]", "https://y.test/"]),
        ("((https://x.test/a)))", ["https://x.test/a"]),
        ("https://x.test/a'b", ["https://x.test/a'b"]),
        ("https://x.test/100%25?a[]=1&b={c}#d", ["https://x.test/100%25?a[]=1&b={c}#d"]),
        ("https://bücher.test/ü 👉https://x.test/😀!", ["https://bücher.test/ü", "https://x.test/😀"]),
        ("https://x.test/?u=https://y.test/", ["https://x.test/?u=https://y.test/"]),
        (
            "https://x.test/a\nhttps://y.test/\r\n\thttps://z.test/",
            ["https://x.test/a", "https://y.test/", "https://z.test/"],
        ),
        ("https://x.test/\u00a0x https://y.test/\u3000x", ["https://x.test/", "https://y.test/"]),
        ("https://x.test/?a=1&amp;b=2", ["https://x.test/?a=1&amp;b=2"]),
        ("http:// https:///x https://. http://)", []),
        ("ftp://x.test mailto:a@x.test www.x.test", []),
        ("https://x.test/[[note]]", ["https://x.test/[[note]]"]),
        ("https://x.test/{{v}}.", ["https://x.test/a%26b"]),
        ("(https://x.test/{{v}})", ["https://x.test/a%26b"]),
        ("https://x.test/?{{ v }}&b={{v}}/c", ["https://x.test/?a%26b&b=a%26b/c"]),
        ("https://{{{v}}}.test", ["https://a&b.test"]),
        ("https://{{gone}}", []),
        ("{{{url}}}", []),
        ("https://x.test/{{if v}}y{{end}}", ["https://x.test/"]),
        ("{{if v}}https://x.test/.{{end}}z", ["https://x.test/"]),
        (
            "https://x.test/{{render_dynamic_content(dynamic_plain.p)}}"
            " {{render_dynamic_content(dynamic_plain.u)}}",
            ["https://x.test/p", "https://y.test/"],
        ),
        ("https://" + "x" * 4088, ["https://" + "x" * 4088]),
        ("https://" + "x" * 4089, []),
        ("https://" + "ü" * 2045, []),
    ],
)
def test_links(template: str, targets: list[str]) -> None:
    data = {"v": "a&b", "url": "https://x.test/", "dynamic_plain": {"p": "p", "u": "https://y.test/"}}
    output, clicks = tracked("text", template, data)
    assert clicks.targets == targets
    untracked = rendered("text", template, data)
    for target in targets:
        untracked = untracked.replace(target, f"T({target})", 1) if untracked.count(target) == 1 else output
    assert output == untracked


@pytest.mark.parametrize(
    ("template", "output", "captured"),
    [
        ('https://x.test/[[data-msys-linkname="n m"]]!', "T(https://x.test/)!", ("n m", False, None)),
        ("https://x.test/[[ data-msys-linkname='n' ]] x", "T(https://x.test/) x", ("n", False, None)),
        ('https://x.test/[[data-msys-linkname="{{v}}"]]', "T(https://x.test/)", ("a&b", False, None)),
        ('https://x.test/a.[[data-msys-unsubscribe="1"]]', "T(https://x.test/a.)", ("", True, None)),
        ("https://x.test/[[data-msys-unsubscribe=1]]", "T(https://x.test/)", ("", True, None)),
        ('https://x.test/[[data-msys-unsubscribe="2"]]', "T(https://x.test/)", ("", False, None)),
        ('https://x.test/[[DATA-MSYS-SUBLINK="/a/{{v}}/"]]', "T(https://x.test/)", ("", False, "a/a%26b")),
        ('https://x.test/[[data-msys-linkname="[n]"]]]', "T(https://x.test/)]", ("[n]", False, None)),
        ("https://x.test/[[data-msys-]]", "T(https://x.test/)", ("", False, None)),
        ('https://x.test/[[data-msys-clicktrack="0"]]', "https://x.test/", None),
        ('x [[data-msys-clicktrack="0"]]y', "x y", None),
        ("{{{v}}}[[data-msys-clicktrack='0']]", "a&b", None),
        ("[[note data-msys-x]] [[data-msys-x", "[[note data-msys-x]] [[data-msys-x", None),
    ],
)
def test_attributes(template: str, output: str, captured: tuple[str, bool, str | None] | None) -> None:
    shown, clicks = tracked("text", template, {"v": "a&b"})
    assert shown == output
    found = [(click["name"], click["unsubscribe"], click["sublink"]) for click in clicks.captured]
    assert found == ([captured] if captured else [])
    assert rendered("text", template, {"v": "a&b"}) == output.replace("T(", "", 1).replace(")", "", "T(" in output)


def test_previews_keep_the_groups() -> None:
    template = 'https://x.test/[[data-msys-linkname="{{v}}"]]'
    assert rendered("text", template, {"v": "n"}, preview=True) == 'https://x.test/[[data-msys-linkname="n"]]'


def test_headers_have_no_links() -> None:
    assert tracked("Header:X-Page", "https://x.test/{{v}}", {"v": "a b"}) == ("https://x.test/a b", Clicks())
