"""Faults of headers and attachments (contract 10 §3, §6.3, §6.4)."""

import pytest

from transmissions.generation.rules import attachment_faults, custom_headers, header_faults, override_faults
from transmissions.values import Attachment, Content, Mailbox, Override


def content(**changes) -> Content:
    return Content(**{"sender": Mailbox("a@b.test"), "subject": "Hi", "text": "x"} | changes)


def codes(faults) -> list[str]:
    return [fault.code for fault in faults]


@pytest.mark.parametrize(
    "name",
    [
        "Content-Type",
        "content-transfer-encoding",
        "MIME-Version",
        "To",
        "FROM",
        "subject",
        "Reply-To",
        "",
        "X A",
        "X:A",
        "X-É",
        "X-\r\nBcc",
        "x" * 256,
    ],
)
def test_names_that_are_refused(name):
    assert codes(header_faults(content(headers={name: "v"}))) == ["3002"]
    assert custom_headers({name: "v"}, transactional=True) == {}


@pytest.mark.parametrize("value", ["a\r\nBcc: x@y.test", "a\n", "\r"])
@pytest.mark.parametrize("place", ["header", "subject", "reply_to", "from", "name"])
def test_line_breaks_are_refused_everywhere(place, value):
    changes = {
        "header": {"headers": {"X-A": value}},
        "subject": {"subject": value},
        "reply_to": {"reply_to": value},
        "from": {"sender": Mailbox(value)},
        "name": {"sender": Mailbox("a@b.test", value)},
    }
    assert codes(header_faults(content(**changes[place]))) == ["3002"]


def test_ordinary_headers_pass():
    headers = {
        "CC": "x@y.test",
        "Message-ID": "1@y",
        "X-Issue": "12",
        "List-Unsubscribe": "<mailto:x@y.test>",
        "Bcc": "x",
    }
    assert codes(header_faults(content(headers=headers))) == []


def test_which_custom_headers_are_sent():
    headers = {
        "CC": "x@y.test",
        "Bcc": "h@y.test",
        "X-MSYS-API": "{}",
        "List-Unsubscribe": "<u>",
        "X-A": "1",
        "x-a": "2",
    }
    assert custom_headers(headers, transactional=False) == {"Cc": "x@y.test", "x-a": "2"}
    assert custom_headers(headers, transactional=True) == {"Cc": "x@y.test", "List-Unsubscribe": "<u>", "x-a": "2"}


@pytest.mark.parametrize(
    "list_id", ["<weekly.mail.example.org>", "<weekly@mail.example.org>", "<{{a}}.example.org>"]
)
def test_list_ids(list_id):
    assert override_faults(Override(list_id=list_id)) == []


@pytest.mark.parametrize("list_id", ["weekly", "<weekly>", "<a.b>\r\nX: 1", "<a b.c>"])
def test_what_is_no_list_id(list_id):
    assert codes(override_faults(Override(list_id=list_id))) == ["3002"]


def test_overriding_values_hold_no_line_breaks():
    override = Override(sender=Mailbox("a@b.test", "x\ny"), reply_to="a@b.test\r\nX: 1")
    assert codes(override_faults(override)) == ["3002", "3002"]


GOOD = Attachment("a.txt", "text/plain", "aGVsbG8=")


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"attachments": (GOOD, GOOD)}, []),
        ({"attachments": (Attachment("", "text/plain", ""),)}, []),
        ({"attachments": (Attachment("a", "text/plain", "aGVsbG8"),)}, ["3010"]),
        ({"attachments": (Attachment("a", "text", "aGVsbG8="),)}, ["3010"]),
        ({"inline_images": (GOOD, GOOD)}, ["3010"]),
        ({"inline_images": (Attachment("", "image/png", ""),)}, ["3010"]),
        ({"inline_images": (GOOD,), "attachments": (GOOD,)}, []),
    ],
)
def test_attachments(changes, expected):
    assert codes(attachment_faults(content(**changes))) == expected
