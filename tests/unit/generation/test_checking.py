"""Synchronous faults of a content (contract 20 §6, 40 §15.2)."""

import pytest

from tests.unit.generation.builders import make_content
from transmissions.generation import check_content, check_return_path
from transmissions.values import Attachment, Content, Mailbox


def found(content: Content, **options) -> list[tuple]:
    return [
        (fault.code, fault.extra.get("part"), fault.extra.get("line"))
        for fault in check_content(content, **options)
    ]


def test_nothing_wrong():
    assert found(make_content(html="<p>{{a}}</p>", headers={"X-A": "{{b}}"})) == []


def test_the_first_fault_of_each_part_in_the_contracts_order():
    content = make_content(
        sender=Mailbox("{{ a", "{{ b"),
        subject="{{ }}",
        reply_to="{{else}}",
        headers={"X-A": "{{ a b }}", "X-B": "fine"},
        text="a\nb {{if x}} {{ for }}",
        html="\n\n{{end}}",
        amp_html="{{ shout(x) }}",
        attachments=(Attachment("a", "text/plain", "?"),),
    )
    assert found(content) == [
        ("3000", "Header:From", 1),
        ("3000", "Header:Subject", 1),
        ("3000", "Header:Reply-To", 1),
        ("3000", "Header:X-A", 1),
        ("3000", "text", 2),
        ("3000", "html", 3),
        ("3000", "amp_html", 1),
        ("3010", None, None),
    ]


def test_the_description_names_part_line_and_what():
    (fault,) = check_content(make_content(text="{{ name"))
    assert fault.as_json() == {
        "message": "substitution language syntax error in template content",
        "code": "3000",
        "description": "Error while compiling part text: line 1: substitution statement missing ending '}}'",
        "part": "text",
        "line": 1,
    }


def test_header_rules_come_first():
    content = make_content(subject="a\r\nb", headers={"To": "x"}, text="{{")
    assert found(content) == [("3002", None, None), ("3002", None, None), ("3000", "text", 1)]


def test_bodies_that_are_sent_literally_are_not_checked():
    content = make_content(subject="{{", text="{{", html="{{end}}")
    assert found(content, perform_substitutions=False) == [("3000", "Header:Subject", 1)]


def test_a_return_path():
    assert check_return_path("b+{{uid}}@mail.example.org") == []
    assert [fault.code for fault in check_return_path("b+{{uid@mail.example.org")] == ["3000"]


RFC822 = """From: {{from}}
Subject: {{subject}}
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="b"

--b
Content-Type: text/html

{{html}}
--b
Content-Type: text/plain

{{text}}
--b--
"""


@pytest.mark.parametrize(
    "values, expected",
    [
        ({}, []),
        ({"from": "{{ a"}, [("3000", "Header:From", 1)]),
        ({"subject": "{{end}}"}, [("3000", "Header:Subject", 1)]),
        (
            {"html": "x\n{{end}}", "text": "{{ }}"},
            [("3000", "text/plain", 1), ("3000", "text/html", 2)],
        ),
    ],
)
def test_pre_built_messages(values, expected):
    values = {"from": "a@b.test", "subject": "s", "html": "h", "text": "t"} | values
    source = RFC822
    for key, value in values.items():
        source = source.replace("{{" + key + "}}", value)
    assert found(Content(email_rfc822=source)) == expected


@pytest.mark.parametrize(
    "source",
    [
        "",
        "no header\n\nx",
        "Subject: no from\n\nx",
        "From: a@b.test\nContent-Type: multipart/mixed\n\nx",
        "From: a@b.test\nContent-Type: text/x-amp-html\n\nx",
        "From: a@b.test\nContent-Type: multipart/mixed; boundary=b\n\nx",
        "From: a@b.test\nbroken line\n\nx",
    ],
)
def test_what_is_no_message(source):
    assert found(Content(email_rfc822=source)) == [("3020", None, None)]
