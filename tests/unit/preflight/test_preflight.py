"""What a preflight finds, and that it finds nothing where nothing is wrong."""

from typing import Any

import pytest

from transmissions.language import Scope
from transmissions.preflight import Finding, Level, Person, Report, preflight
from transmissions.values import Content, Mailbox

GOOD_HTML = (
    '<p>Dear {{name}}, <a href="https://shop.test/{{id}}">look</a></p>'
    '<img src="https://shop.test/a.png" alt="A shop">'
    '<a href="https://shop.test/stop" data-msys-unsubscribe="1">stop</a>'
)


def make_content(**changes: Any) -> Content:
    values: dict[str, Any] = {
        "sender": Mailbox("desk@mail.example.org"),
        "subject": "News for {{name}}",
        "html": GOOD_HTML,
        "text": "Dear {{name}}: https://shop.test/unsubscribe",
    }
    return Content(**values | changes)


def people(*data: dict[str, Any]) -> list[Person]:
    return [
        Person(f"r{number}@example.net", Scope(recipient_data=each, email=f"r{number}@example.net"))
        for number, each in enumerate(data)
    ]


def run(content: Content, *data: dict[str, Any], transactional: bool = False) -> Report:
    return preflight(content, people(*(data or ({"name": "Ana", "id": 1},))), transactional=transactional)


def findings(**changes: Any) -> list[tuple[Level, str, int | None]]:
    return [(one.level, one.part, one.line) for one in run(make_content(**changes)).findings]


def only(report: Report) -> Finding:
    (finding,) = report.findings
    return finding


def test_nothing_is_found_where_nothing_is_wrong() -> None:
    assert run(make_content()) == Report((), 1)


def test_missing_data_are_counted_over_the_recipients() -> None:
    content = make_content(text="Dear {{name}}\n{{ trip.to }} https://shop.test/unsubscribe")
    with_trip = {"name": "Ana", "id": 1, "trip": {"to": "Faro"}}
    report = run(content, with_trip, with_trip | {"trip": {}}, with_trip | {"trip": None})
    finding = only(report)
    assert (finding.level, finding.part, finding.line, finding.count) == (Level.WARNING, "text", 2, 2)
    assert finding.what.startswith("{{trip.to}} is missing")
    assert finding.example == "r1@example.net"
    assert report.checked == 3


def test_a_name_with_a_fallback_is_a_note_only_if_nobody_has_it() -> None:
    content = make_content(subject='{{ nick or "friend" }}{{if vip}}!{{end}}')
    report = run(content, {"name": "Ana", "id": 1, "vip": 1}, {"name": "Bo", "id": 2})
    finding = only(report)
    assert (finding.level, finding.part, finding.count) == (Level.NOTE, "Header:Subject", 2)
    assert "{{nick}}" in finding.what


def test_render_faults_are_errors_with_part_and_line_and_the_others_are_still_looked_at() -> None:
    content = make_content(text="a\n{{ 1 / id }} https://shop.test/unsubscribe")
    finding = only(run(content, {"name": "Ana", "id": 0}, {"name": "Bo", "id": 2}))
    assert (finding.level, finding.part, finding.line, finding.count) == (Level.ERROR, "text", 2, 1)


def test_syntax_faults_are_errors_and_the_other_parts_are_still_looked_at() -> None:
    found = findings(subject="{{ x", html=GOOD_HTML + '\n<a href="">x</a>')
    assert found == [(Level.ERROR, "Header:Subject", 1), (Level.WARNING, "html", 2)]


@pytest.mark.parametrize(
    "link, level, words",
    [
        ('<a href="">x</a>', Level.WARNING, "empty link"),
        ('<a href=" # ">x</a>', Level.WARNING, "empty link"),
        ('<a href="{{{gone}}}">x</a>', Level.WARNING, "empty link"),
        ('<a href="/offers">x</a>', Level.WARNING, "without a host: /offers"),
        ('<a href="//shop.test/a">x</a>', Level.WARNING, "without a host"),
        ('<a href="https:///a">x</a>', Level.WARNING, "without a host"),
        ('<a href="https://{{{gone}}}/a">x</a>', Level.WARNING, "without a host: https:///a"),
        ('<area href="www.shop.test">', Level.WARNING, "without a host"),
        ('<a href="java&#115;cript:alert(1)">x</a>', Level.WARNING, "javascript:"),
        ('<a href="http://shop.test/">x</a>', Level.NOTE, "not encrypted"),
        ("<img src=a.png>", Level.WARNING, "without alt text"),
    ],
)
def test_links_and_images_are_found_on_their_line_of_the_template(link: str, level: Level, words: str) -> None:
    html = "{{if gone}}\n{{end}}\n" + GOOD_HTML + "\r\n" + link
    data = {"name": "Ana", "id": 1, "gone": ""}
    finding = only(run(make_content(html=html), data))
    assert (finding.level, finding.part, finding.line) == (level, "html", 4)
    assert words in finding.what


@pytest.mark.parametrize(
    "markup",
    [
        '<a name="top">x</a>',
        '<a href="#top">x</a>',
        '<a href="mailto:a@b.test">x</a>',
        '<a href="tel:+1">x</a>',
        '<a href="myapp:open">x</a>',
        '<img src="a.png" alt="">',
        '<!-- <a href=""> -->',
        "{{ name or \"<a href=''>\" }}",
    ],
)
def test_what_is_in_order_is_not_found(markup: str) -> None:
    assert findings(html=GOOD_HTML + markup) == []


def test_a_link_in_a_loop_is_one_finding_and_one_from_data_has_no_line() -> None:
    html = GOOD_HTML + '\n{{each items}}\n<a href="{{{loop_var}}}">x</a>\n{{end}}{{{ chunk }}}'
    data = {"name": "Ana", "id": 1, "items": ["", "#", "https://shop.test"], "chunk": "<a href=/x>x</a>"}
    found = run(make_content(html=html), data, data).findings
    assert [(one.line, one.count) for one in found] == [(None, 2), (3, 2)]


def test_links_in_text() -> None:
    text = "https://shop.test/unsubscribe\nhttp://shop.test/a {{if id}}http:///x{{end}}"
    assert findings(text=text) == [(Level.WARNING, "text", 2), (Level.NOTE, "text", 2)]


def test_html_that_will_be_cut_off() -> None:
    filler = "<p>" + "x" * (102 * 1024 - len(GOOD_HTML) - 40) + "</p>"
    assert findings(html=GOOD_HTML + filler) == []
    finding = only(run(make_content(html=GOOD_HTML + filler + "{{ id }}" + "y" * 100)))
    assert (finding.level, finding.line) == (Level.WARNING, None)
    assert "102 KB" in finding.what


def test_many_links_are_not_measured_with_our_own_marks() -> None:
    link = '<a href="https://shop.test/">x</a>'
    html = GOOD_HTML + link * ((101 * 1024 - len(GOOD_HTML)) // len(link))
    assert findings(html=html) == []


def test_subject_and_text_part() -> None:
    assert findings(subject=" {{gone}} ") == [
        (Level.WARNING, "Header:Subject", 1),
        (Level.WARNING, "Header:Subject", 1),
    ]
    assert findings(subject="") == [(Level.WARNING, "Header:Subject", 1)]
    assert findings(subject="x" * 78) == []
    assert findings(subject="x" * 79) == [(Level.NOTE, "Header:Subject", 1)]
    assert findings(text=None) == [(Level.WARNING, "text", None)]
    assert findings(html=None) == []


@pytest.mark.parametrize(
    "sender, expected",
    [
        (Mailbox("{{name}}"), [(Level.ERROR, "Header:From", 1)]),
        (Mailbox("{{name}}@mail.example.org", "{{name}}, the desk"), []),
    ],
)
def test_a_sender_that_is_no_address(sender: Mailbox, expected: list[tuple[Level, str, int]]) -> None:
    assert findings(sender=sender) == expected


def test_ways_to_unsubscribe() -> None:
    html, text = "<p>{{name}}{{id}}</p>", "{{name}}"
    plain = make_content(html=html, text=text)
    assert only(run(plain)).level is Level.WARNING
    assert only(run(plain, transactional=True)).level is Level.NOTE
    header = {"List-unsubscribe": "<https://shop.test/u>"}
    assert run(make_content(html=html, text=text, headers=header), transactional=True).findings == ()
    assert run(make_content(html=html, text="https://shop.test/opt-out")).findings == ()


def test_a_prebuilt_message_is_looked_at_part_by_part() -> None:
    source = (
        "From: desk@mail.example.org\nSubject: {{topic}}\nContent-Type: text/html\n\n"
        '<a href="https://shop.test/unsubscribe">x</a>\n<a href="">{{name}}</a>'
    )
    report = run(Content(email_rfc822=source), {"name": "Ana"})
    assert [(one.part, one.line) for one in report.findings] == [
        ("Header:Subject", 1),
        ("Header:Subject", 1),
        ("text", None),
        ("text/html", 2),
    ]
    assert run(Content(email_rfc822="no message")).findings[0].part == "Header:Subject"


def test_findings_and_work_are_bounded() -> None:
    html = GOOD_HTML + "\n".join(f'<a href="/{number}">x</a>' for number in range(500))
    assert len(run(make_content(html=html)).findings) == 200
    large = make_content(html=GOOD_HTML + "<p>" + "x" * 4_000_000 + "</p>")
    report = run(large, *({"name": "Ana", "id": 1} for _ in range(20)))
    assert report.checked == 8


def test_what_is_found_is_cut() -> None:
    assert len(run(make_content(sender=Mailbox("{{name}}" + "x" * 5000))).findings[0].what) < 310
