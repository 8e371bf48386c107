"""Links in markup (contract 40 §12), with URLs and markup as people write them."""

import pytest

from tests.unit.language.support import Clicks, compiled, rendered, tracked
from transmissions.language import Scope

LONG = "https://x.test/" + "p" * (4096 - len("https://x.test/"))


@pytest.mark.parametrize(
    "url",
    [
        "https://x.test/a?b=1&c=2#frag",
        "https://x.test/#",
        "https://x.test",
        "https://x.test?q",
        "https://user:pass@x.test:8443/a;b=c?d[]=1&e[k]=2",
        "https://x.test/100%25/%7Euser/%zz",
        "https://bücher.test/straße?q=münchen",
        "https://xn--bcher-kva.test/",
        "https://例え.テスト/パス",
        "https://x.test/😀?q=👩‍💻",
        "https://[2001:db8::1]:8080/x",
        "https://x.test/?next=https://y.test/",
        "https://x.test/a|b^c`d{e}~",
        "https://x.test/a//b/../c/./d",
        "https://x.test/?q='single'",
        "https://x.test/a b\tc",
        "HTTPS://X.TEST/A",
        "HtTp://x.test/",
        "https://127.0.0.1/",
        "https://localhost:8000/f/x",
        LONG,
    ],
)
def test_urls_are_kept_exactly(url: str) -> None:
    output, clicks = tracked("html", f'<p><a class="b" href="{url}">go</a>')
    assert output == f'<p><a class="b" href="T({url})">go</a>'
    assert clicks.targets == [url]


@pytest.mark.parametrize(
    "url",
    [
        "mailto:a@x.test",
        "tel:+123",
        "sms:123",
        "ftp://x.test/",
        "data:text/html,x",
        "cid:logo",
        "#top",
        "/path",
        "//x.test/",
        "?q",
        "",
        "http://",
        "https:///path",
        "https://?q",
        "https://#x",
        "https:x.test",
        "https:/x.test",
        " https://x.test/",
        "httpss://x.test/",
        "https&#58;//x.test/",
        "javascript:location='https://x.test/'",
        LONG + "x",
    ],
)
def test_what_is_no_link(url: str) -> None:
    template = f'<a href="{url}">go</a>'
    assert tracked("html", template) == (template, Clicks())


@pytest.mark.parametrize(
    ("template", "target"),
    [
        ("?a=1&amp;b=2", "?a=1&b=2"),
        ("?a=1&AMP;b=2", "?a=1&b=2"),
        ("?a=1&#38;b=2&#x26;c", "?a=1&b=2&c"),
        ("?a=1&copy=2", "?a=1&copy=2"),
        ("?a=1&copy", "?a=1©"),
        ("?a=1&copy;", "?a=1©"),
        ("?a=1&copyright=2", "?a=1&copyright=2"),
        ("?a=&quot;x&quot;&unknown;", '?a="x"&unknown;'),
        ("?a=&amp;amp;", "?a=&amp;"),
        ("?a=&ampb", "?a=&ampb"),
    ],
)
def test_entities_are_decoded_once(template: str, target: str) -> None:
    _, clicks = tracked("html", f'<a href="https://x.test/{template}">go</a>')
    assert clicks.targets == [f"https://x.test/{target}"]
    assert rendered("html", f'<a href="https://x.test/{template}">') == f'<a href="https://x.test/{template}">'


@pytest.mark.parametrize(
    ("template", "output"),
    [
        ("<a href=https://x.test/a>", "<a href=T(https://x.test/a)>"),
        ("<a href=https://x.test/a/ id=b>", "<a href=T(https://x.test/a/) id=b>"),
        ("<A\tHREF\n=\r\n'https://x.test/'\n>", "<A\tHREF\n=\r\n'T(https://x.test/)'\n>"),
        ('<a title="a > b" href="https://x.test/">', '<a title="a > b" href="T(https://x.test/)">'),
        ('<a title="<a href=\'https://y.test/\'>" href="https://x.test/">', None),
        ('<a/href="https://x.test/"/>', '<a/href="T(https://x.test/)"/>'),
        ('<area shape="rect" href="https://x.test/">', '<area shape="rect" href="T(https://x.test/)">'),
        (
            '<a href="https://x.test/" href="https://y.test/">',
            '<a href="T(https://x.test/)" href="https://y.test/">',
        ),
        ('<a href="https://x.test/"id="b">', '<a href="T(https://x.test/)"id="b">'),
        ("1 < 2 <a href='https://x.test/'>", "1 < 2 <a href='T(https://x.test/)'>"),
        ("<<a href='https://x.test/'>", "<<a href='T(https://x.test/)'>"),
        ("<!----><a href='https://x.test/'>", "<!----><a href='T(https://x.test/)'>"),
        ("<!--><a href='https://x.test/'>", "<!--><a href='T(https://x.test/)'>"),
        ("<!-- > --!><a href='https://x.test/'>", "<!-- > --!><a href='T(https://x.test/)'>"),
        ("<!DOCTYPE html><?xml?><a href='https://x.test/'>", "<!DOCTYPE html><?xml?><a href='T(https://x.test/)'>"),
        ("<!--[if gte mso 9]><a href='https://x.test/'><![endif]-->", None),
        ("<!--[if !mso]><!--><a href='https://x.test/'><!--<![endif]-->", None),
        ("<![if !mso]><a href='https://x.test/'><![endif]>", None),
        (
            "<script>'<a>'</script ><a href='https://x.test/'>",
            "<script>'<a>'</script ><a href='T(https://x.test/)'>",
        ),
    ],
)
def test_markup_is_read_as_browsers_do(template: str, output: str | None) -> None:
    expected = output or template.replace("https://x.test/", "T(https://x.test/)")
    assert tracked("html", template)[0] == expected


@pytest.mark.parametrize(
    "template",
    [
        "<!-- <a href='https://x.test/'> -->",
        "<!-- {{if a}}<a href='https://x.test/'>{{end}} -->",
        "<script>document.write('<a href=\"https://x.test/\">')</script>",
        "<style>a::after { content: '<a href=\"https://x.test/\">' }</style>",
        "<textarea><a href='https://x.test/'></textarea>",
        "<TITLE><a href='https://x.test/'></title>",
        "<p>https://x.test/ <b href='https://x.test/'>",
        "<a hreflang='https://x.test/' data-href='https://x.test/'>",
        "<img src='https://x.test/'><link href='https://x.test/'><form action='https://x.test/'>",
        "<abbr href='https://x.test/'>",
        "</a href='https://x.test/'>",
        "<a href='https://x.test/'",
        "<a href='https://x.test/",
    ],
)
def test_what_is_left_alone(template: str) -> None:
    plain = template.replace("{{if a}}", "").replace("{{end}}", "")
    assert tracked("html", template, {"a": 1}) == (plain, Clicks())


@pytest.mark.parametrize(
    ("template", "output"),
    [
        ('<a data-msys-linkname="n" href="#">', '<a href="#">'),
        ('<a href="#" data-msys-linkname="n">', '<a href="#">'),
        ('<a href="#" data-msys-linkname="n"/>', '<a href="#"/>'),
        ('<a href="#" DATA-MSYS-CLICKTRACK=0 id=x>', '<a href="#" id=x>'),
        ('<a id=x data-msys-linkname="n"href="#">', '<a id=x href="#">'),
        ('<a\n  data-msys-linkname = "n"\n  href="#"\n>', '<a\n  href="#"\n>'),
        ('<a data-msys-linkname href="#">', '<a href="#">'),
        ('<a href="#" data-msys-linkname="a" data-msys-sublink="b" data-msys-other>', '<a href="#">'),
        ('<a href="#" data-msys-linkname="{{v}}" title="{{v}}">', '<a href="#" title="1">'),
        ('<p data-msys-linkname="n">', '<p data-msys-linkname="n">'),
        ('<!-- <a data-msys-linkname="n"> -->', '<!-- <a data-msys-linkname="n"> -->'),
    ],
)
def test_our_attributes_disappear(template: str, output: str) -> None:
    assert rendered("html", template, {"v": 1}) == output
    assert rendered("html", template, {"v": 1}, preview=True) == template.replace("{{v}}", "1")


def test_attributes_of_a_link() -> None:
    template = (
        '<a href="https://x.test/" data-msys-linkname="Caf&eacute; {{v}}" data-msys-unsubscribe="1"'
        ' data-msys-sublink="/app/ä b/../">'
    )
    output, clicks = tracked("html", template, {"v": "<&>"})
    assert output == '<a href="T(https://x.test/)">'
    assert clicks.captured == [
        {"target": "https://x.test/", "name": "Café <&>", "unsubscribe": True, "sublink": "app/%C3%A4%20b"}
    ]


@pytest.mark.parametrize(
    "attribute", ['unsubscribe="0"', 'unsubscribe="yes"', "unsubscribe", 'clicktrack="1"', "clicktrack"]
)
def test_other_attribute_values_have_no_effect(attribute: str) -> None:
    _, clicks = tracked("html", f'<a href="https://x.test/" data-msys-{attribute}>')
    assert clicks.captured == [{"target": "https://x.test/", "name": "", "unsubscribe": False, "sublink": None}]


def test_a_sub_path_may_depend_on_data() -> None:
    _, clicks = tracked("html", '<a href="https://x.test/" data-msys-sublink="app/{{v}}">', {"v": "a b"})
    assert clicks.captured[0]["sublink"] == "app/a%20b"


@pytest.mark.parametrize(
    ("template", "output"),
    [
        ('<a href="https://x.test/{{v}}/p?q={{v}}#{{v}}">', '<a href="T(https://x.test/a%26b/p?q=a%26b#a%26b)">'),
        ('<a href="https://x.test/?q={{{v}}}">', '<a href="T(https://x.test/?q=a&b)">'),
        ("<a href=https://x.test/{{ v }}>", "<a href=T(https://x.test/a%26b)>"),
        ('<a href="https://{{v}}.x.test/">', '<a href="T(https://a%26b.x.test/)">'),
        ('<a href="https://{{{host}}}/">', '<a href="T(https://y.test/)">'),
        ('<a href="https://{{{gone}}}/">', '<a href="https:///">'),
        ('<a href="https://{{{gone}}}">', '<a href="https://">'),
        ('<a href="{{{whole}}}">', '<a href="https://z.test/">'),
        ('<a href="{{whole}}">', '<a href="https:&#x2F;&#x2F;z.test&#x2F;">'),
        ('<a href="{{p}}://x.test/">', '<a href="https://x.test/">'),
        ('<a href="http{{s}}://x.test/">', '<a href="https://x.test/">'),
        ('<a href="https://x.test/%20{{percent}}">', '<a href="T(https://x.test/%20%2520)">'),
        ('<img alt="{{v}}" src="https://x.test/{{v}}">', '<img alt="a&amp;b" src="https://x.test/a%26b">'),
        ('<p style="background:url(https://x.test/{{v}})">', '<p style="background:url(https://x.test/a&amp;b)">'),
        ('<{{tag}} href="https://x.test/{{v}}">', '<a href="https://x.test/a%26b">'),
        ('<a {{{attribute}}} href="https://x.test/">', '<a id="k" href="T(https://x.test/)">'),
    ],
)
def test_values_in_links(template: str, output: str) -> None:
    data = {"v": "a&b", "host": "y.test", "whole": "https://z.test/", "p": "https", "s": "s", "percent": "%20"}
    data |= {"tag": "a", "attribute": 'id="k"'}
    assert tracked("html", template, data)[0] == output


@pytest.mark.parametrize(
    ("template", "output"),
    [
        ('<a href="https://x.test/{{if v}}{{v}}{{else}}none{{end}}">', '<a href="T(https://x.test/a%26b)">'),
        ('<a href="{{if v}}https://x.test/{{v}}{{else}}#{{v}}{{end}}">', '<a href="T(https://x.test/a%26b)">'),
        ('<a href="{{if gone}}https://x.test/{{v}}{{else}}#{{v}}{{end}}">', '<a href="#a&amp;b">'),
        (
            '<a {{if v}}href="https://x.test/"{{else}}href="#"{{end}} title="{{v}}">',
            '<a href="T(https://x.test/)" title="a&amp;b">',
        ),
        (
            '{{if v}}<a href="https://x.test/"{{else}}<a href="#"{{end}} data-msys-linkname="n">',
            '<a href="T(https://x.test/)">',
        ),
        ('<a href="https://x.test/{{each l}}{{loop_var}}/{{end}}">', '<a href="T(https://x.test/1/2/)">'),
        ('<a href="https://x.test/" {{if v}}data-msys-clicktrack="0"{{end}}>', '<a href="https://x.test/">'),
        (
            '<td {{if v}}bgcolor="{{v}}"{{end}}><a href="https://x.test/">',
            '<td bgcolor="a&amp;b"><a href="T(https://x.test/)">',
        ),
        (
            '{{each l}}<a href="https://x.test/{{loop_var}}">{{end}}',
            '<a href="T(https://x.test/1)"><a href="T(https://x.test/2)">',
        ),
        ('<a href="{{render_dynamic_content(dynamic_html.u)}}">', '<a href="T(https://x.test/a%26b)">'),
        (
            '<a href="https://x.test/{{render_dynamic_content(dynamic_html.p)}}">',
            '<a href="T(https://x.test/p/a%26b)">',
        ),
        ("{{gone or render_dynamic_content(dynamic_html.a)}}", '<a href="T(https://x.test/a%26b)">'),
    ],
)
def test_statements_in_markup(template: str, output: str) -> None:
    inclusions = {"u": "https://x.test/{{v}}", "p": "p/{{v}}", "a": '<a href="https://x.test/{{v}}">'}
    data = {"v": "a&b", "l": [1, 2], "dynamic_html": inclusions}
    assert tracked("html", template, data)[0] == output


def test_several_links_to_one_url_are_several_links() -> None:
    _, clicks = tracked("html", '<a href="https://x.test/">a</a><a href="https://x.test/">b</a>')
    assert [(site.index, site.position, site.target) for site in clicks.sites] == [
        (0, 1, "https://x.test/"),
        (1, 2, "https://x.test/"),
    ]


def test_the_anchor_text_stays() -> None:
    output, _ = tracked("html", '<a href="https://x.test/">https://x.test/</a>')
    assert output == '<a href="T(https://x.test/)">https://x.test/</a>'


def test_what_is_known_before_rendering() -> None:
    template = (
        '<a href="https://x.test/?a=1&amp;b=2">1</a>'
        '<a href="https://x.test/{{u}}/p?q={{v}}" data-msys-linkname="{{n}}">2</a>'
        '<a href="https://x.test/#{{v}}">3</a><a href="http://">4</a><a href="#">5</a>'
    )
    fixed, personal, fragment = compiled("html", template).links
    assert (fixed.target, fixed.name, fixed.label) == ("https://x.test/?a=1&b=2", "", "https://x.test/?a=1&b=2")
    assert (personal.target, personal.name, personal.label) == (None, None, "https://x.test/{{u}}/p")
    assert (fragment.target, fragment.label, fragment.position) == (None, "https://x.test/", 3)


def test_a_tracker_may_leave_links_alone() -> None:
    template = '<a href="https://x.test/?a=1&amp;b={{v}}"><a href="https://y.test/">'
    pieces = compiled("html", template).render(
        Scope(transmission_data={"v": "a b"}), lambda site, target, name: None
    )
    assert "".join(pieces) == '<a href="https://x.test/?a=1&amp;b=a%20b"><a href="https://y.test/">'


def test_without_substitution_links_are_tracked_all_the_same() -> None:
    clicks = Clicks()
    program = compiled("html", '{{if}} <a href="https://x.test/{{v}}" data-msys-linkname="n">', substitute=False)
    assert "".join(program.render(Scope(), clicks)) == '{{if}} <a href="T(https://x.test/{{v}})">'
