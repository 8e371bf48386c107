"""Header fields of a message (contract 10 §3, §5, §6.3)."""

from email.parser import BytesParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.generation.builders import attempt, generate, make_content, make_job, make_recipient, read
from transmissions.generation import GenerationFailure
from transmissions.values import Mailbox, Override

ANYTHING = st.text(st.characters(codec="utf-8"), max_size=80) | st.text('a\r\n :<>@,"\\é=?', max_size=40)


def raw_field(message, name: str) -> str:
    data = message.data.replace(b"\r\n ", b" ").decode()
    return next(line.partition(": ")[2] for line in data.split("\r\n") if line.startswith(f"{name}:"))


@pytest.mark.parametrize(
    "changes, written",
    [
        ({}, "ines@example.net"),
        ({"name": "Ines"}, '"Ines" <ines@example.net>'),
        ({"name": 'Silva, "I"'}, '"Silva, \\"I\\"" <ines@example.net>'),
        ({"name": "{{x}}"}, '"{{x}}" <ines@example.net>'),
        ({"header_to": "other@c.test"}, "other@c.test"),
        ({"header_to": "Omar <o@c.test>, p@c.test"}, "Omar <o@c.test>, p@c.test"),
        ({"header_to": "other@c.test", "name": "Omar"}, '"Omar" <other@c.test>'),
        ({"header_to": "Omar <o@c.test>", "name": "no"}, "Omar <o@c.test>"),
        ({"header_to": ""}, ""),
        ({"header_to": "o@c.test\r\nBcc: x@y.test"}, "o@c.test Bcc: x@y.test"),
        ({"header_to": "Zoë <z@c.test>"}, "=?utf-8?b?Wm/Dqw==?= <z@c.test>"),
    ],
)
def test_to(keyring, changes, written):
    message = generate(keyring, make_job(), make_recipient(**changes))
    assert raw_field(message, "To") == written
    assert message.envelope_to == "ines@example.net"


@pytest.mark.parametrize(
    "sender, override, written",
    [
        (Mailbox("a@b.test", "Desk"), None, '"Desk" <a@b.test>'),
        (Mailbox("a@b.test"), None, "a@b.test"),
        (Mailbox("{{box}}@b.test", "For {{who}}"), None, '"For Ana" <me@b.test>'),
        (Mailbox("{{whole}}"), None, '"W" <w@b.test>'),
        (Mailbox("a@b.test", "Desk"), Mailbox("c@d.test"), '"Desk" <c@d.test>'),
        (Mailbox("a@b.test", "Desk"), Mailbox("c@d.test", "New"), '"New" <c@d.test>'),
        (Mailbox("a@b.test", "{{who}}"), Mailbox("c@d.test"), '"Ana" <c@d.test>'),
        (Mailbox("a@b.test"), Mailbox("c@d.test", "{{who}}"), '"{{who}}" <c@d.test>'),
        (Mailbox("a@münchen.test"), None, "a@xn--mnchen-3ya.test"),
    ],
)
def test_from(keyring, sender, override, written):
    data = {"box": "me", "who": "Ana", "whole": "W <w@b.test>"}
    job = make_job(make_content(sender=sender), override=Override(sender=override), substitution_data=data)
    assert raw_field(generate(keyring, job), "From") == written


def test_subject_and_custom_headers(keyring):
    content = make_content(
        subject="News from {{city}}",
        headers={
            "CC": "Zoë <z@c.test>",
            "X-Issue": "{{n}}",
            "X-Empty": "{{gone}}",
            "Bcc": "h@c.test",
            "X-MSYS-API": "{}",
        },
        reply_to="{{who}} <r@c.test>, q@c.test",
    )
    job = make_job(content, substitution_data={"city": "Évora", "n": 12, "who": "Desk"})
    generated = generate(keyring, job)
    message = read(generated)
    assert generated.subject == message["Subject"] == "News from Évora"
    assert message["Cc"] == "Zoë <z@c.test>"
    assert message["X-Issue"] == "12"
    assert message["X-Empty"] == ""
    assert message["Reply-To"] == "Desk <r@c.test>, q@c.test"
    assert "Bcc" not in message
    assert "X-MSYS-API" not in message
    assert b"Cc: " in generated.data


def test_own_message_id_and_date_are_kept(keyring):
    headers = {"Message-ID": "own-1@c.test", "Date": "Thu, 01 Jan 2026 00:00:00 +0000"}
    generated = generate(keyring, make_job(make_content(headers=headers)))
    assert generated.data.count(b"Message-ID: ") == 1
    assert raw_field(generated, "Message-ID") == "own-1@c.test"
    assert raw_field(generated, "Date") == headers["Date"]


def test_internationalised_addresses_need_smtputf8(keyring):
    generated = generate(keyring, make_job(), make_recipient("josé@example.net", name="José"))
    assert generated.smtputf8
    assert generated.is_8bit
    assert "<josé@example.net>".encode() in generated.data
    plain = generate(keyring, make_job(make_content(subject="é")), make_recipient(name="José"))
    assert not plain.smtputf8
    assert not plain.is_8bit
    only_in_envelope = generate(keyring, make_job(), make_recipient("josé@example.net", header_to="list@c.test"))
    assert only_in_envelope.smtputf8


def test_not_even_an_unchecked_address_makes_a_header(keyring):
    message = read(generate(keyring, make_job(), make_recipient("a@b.test\r\nBcc: x@y.test\r\n\r\n")))
    assert "Bcc" not in message


def test_the_mailbox_for_unsubscribing_is_escaped(keyring):
    generated = generate(keyring, make_job(), unsubscribe_mailto="out+é>\r\nBcc: x@mail.example.org")
    assert "Bcc" not in BytesParser().parsebytes(generated.data)
    assert b"<mailto:out+%C3%A9%3E%0D%0ABcc%3A%20x@mail.example.org>,\r\n <http://" in generated.data


@given(value=ANYTHING)
def test_data_never_makes_a_header(keyring, value):
    content = make_content(
        subject="S {{v}}",
        sender=Mailbox("a@b.test", "{{v}}"),
        headers={"X-A": "{{v}}", "Cc": "{{v}}", "X-List": "a {{{v}}} b"},
        reply_to="{{v}} <r@c.test>",
        text="{{v}}",
    )
    expected = sorted(
        [
            "mime-version",
            "content-type",
            "content-transfer-encoding",
            "list-unsubscribe",
            "list-unsubscribe-post",
            "date",
            "message-id",
            "from",
            "to",
            "reply-to",
            "subject",
            "x-a",
            "cc",
            "x-list",
        ]
    )
    made = attempt(keyring, make_job(content), make_recipient(name=value, substitution_data={"v": value}))
    assert not isinstance(made, GenerationFailure)
    head = made.data.partition(b"\r\n\r\n")[0]
    lines = head.split(b"\r\n")
    assert all(line.strip() and len(line) <= 998 for line in lines)
    assert b"\r" not in b"".join(lines)
    assert b"\n" not in b"".join(lines)
    names = [line.partition(b":")[0].decode().lower() for line in lines if not line.startswith((b" ", b"\t"))]
    assert sorted(names) == expected
