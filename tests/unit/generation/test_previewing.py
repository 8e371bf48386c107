"""Previews (contract 20 §5)."""

from email import message_from_string, policy

import pytest

from momentum.lib.errors import Fault
from tests.unit.generation.builders import make_content
from transmissions.generation import preview
from transmissions.values import Content, Mailbox


def test_every_part_is_rendered_and_nothing_tracked():
    content = make_content(
        sender=Mailbox("{{box}}@b.test", "For {{address.name}}"),
        subject="{{email}}",
        reply_to="{{box}}@c.test",
        headers={"X-A": "{{n}}"},
        text='{{n}} https://shop.test/[[data-msys-linkname="x"]]',
        html='<a href="https://shop.test/{{n}}" data-msys-linkname="x">{{address.name}}</a>',
    )
    data = {"box": "desk", "address": {"name": "Noor"}, "email": "n@c.test", "n": 1}
    assert preview(content, data) == Content(
        sender=Mailbox("desk@b.test", "For Noor"),
        subject="n@c.test",
        reply_to="desk@c.test",
        headers={"X-A": "1"},
        text='1 https://shop.test/[[data-msys-linkname="x"]]',
        html='<a href="https://shop.test/1" data-msys-linkname="x">Noor</a>',
    )


def test_what_is_absent_stays_absent():
    assert preview(Content(text="{{a}}"), {}) == Content(text="")


def test_metadata_stands_below_substitution_data():
    got = preview(Content(text="{{a}}{{b}}"), {"a": 1}, {"a": 2, "b": 3})
    assert isinstance(got, Content)
    assert got.text == "13"


@pytest.mark.parametrize(
    "content, code, part",
    [
        (Content(text="{{ a"), "3000", "text"),
        (Content(html="{{ 1 / 0 }}"), "3001", "html"),
        (Content(subject="{{ gone + 1 }}"), "3001", "Header:Subject"),
        (Content(email_rfc822="From: a@b.test\nSubject: {{ x\n\nx"), "3000", "Header:Subject"),
        (Content(email_rfc822="nothing"), "3020", None),
    ],
)
def test_faults(content, code, part):
    fault = preview(content, {})
    assert isinstance(fault, Fault)
    assert (fault.code, fault.extra.get("part")) == (code, part)


def test_a_pre_built_message():
    source = "From: a@b.test\nSubject: Hi {{who}}\nX-A:  b\nContent-Type: text/html\n\n<p>{{who}}</p>\n"
    got = preview(Content(email_rfc822=source), {"who": "Zoë"})
    assert isinstance(got, Content)
    message = message_from_string(got.email_rfc822, policy=policy.default)
    assert message["Subject"] == "Hi Zoë"
    assert message.get_payload(decode=True).decode() == "<p>Zoë</p>\r\n"
    assert "X-A:  b\r\n" in got.email_rfc822
    untouched = preview(Content(email_rfc822=source.replace("{{who}}", "x")), {})
    assert untouched.email_rfc822 == source.replace("{{who}}", "x").replace("\n", "\r\n")
