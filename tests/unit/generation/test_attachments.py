"""Attachments and inline images (contract 10 §6.4)."""

import base64
from email import policy
from email.parser import BytesParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transmissions.generation.attachments import attachment_part, decoded, image_part, is_media_type
from transmissions.values import Attachment


def parse(part: bytes):
    message = BytesParser(policy=policy.default).parsebytes(part)
    assert message.defects == []
    for value in message.values():
        assert value.defects == ()
    return message


def attachment(name="n.txt", media_type="text/plain", data=b"hello"):
    return Attachment(name=name, type=media_type, data=base64.b64encode(data).decode())


def test_an_attachment():
    message = parse(attachment_part(attachment()))
    assert message.get_content_type() == "text/plain"
    assert message.get_content_disposition() == "attachment"
    assert message.get_filename() == "n.txt"
    assert message.get_payload(decode=True) == b"hello"


def test_without_a_name_there_is_no_filename():
    part = attachment_part(attachment(name=""))
    assert b"filename" not in part
    assert parse(part).get_filename() is None


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=1, max_size=80))
def test_any_name_comes_back(name):
    part = attachment_part(attachment(name=name))
    assert part.isascii()
    assert max(map(len, part.split(b"\r\n"))) <= 76
    assert (parse(part).get_filename() or "").strip() == name.strip()


def test_a_name_that_looks_encoded():
    assert parse(attachment_part(attachment(name="=?utf-8?q?a?="))).get_filename() == "=?utf-8?q?a?="


def test_a_name_cannot_make_a_header():
    part = attachment_part(attachment(name='a"\r\nX-Bad: 1\r\n\r\n.txt'))
    message = parse(part)
    assert "X-Bad" not in message
    assert message.get_payload(decode=True) == b"hello"


@given(st.binary(max_size=400))
def test_data_is_wrapped_at_76_columns(data):
    part = attachment_part(attachment(data=data))
    assert parse(part).get_payload(decode=True) == data
    assert max(map(len, part.split(b"\r\n"))) <= 76


def test_parameters_of_the_type_are_kept():
    message = parse(attachment_part(attachment(media_type='text/plain; charset="iso-8859-1"')))
    assert message.get_content_charset() == "iso-8859-1"


@pytest.mark.parametrize("media_type", ["message/rfc822", "multipart/mixed; boundary=x"])
def test_composite_types_are_sent_as_opaque_data(media_type):
    message = parse(attachment_part(attachment(media_type=media_type, data=b"Subject: x\r\n\r\ny")))
    assert message.get_content_type() == "application/octet-stream"
    assert message.get_payload(decode=True) == b"Subject: x\r\n\r\ny"


def test_an_image_is_addressed_by_its_name():
    message = parse(image_part(attachment("logo.png", "image/png", b"\x89PNG")))
    assert message["Content-ID"] == "<logo.png>"
    assert message.get_content_disposition() == "inline"
    assert message.get_payload(decode=True) == b"\x89PNG"


def test_an_image_name_cannot_leave_its_header():
    message = parse(image_part(attachment("a>\r\nX-Bad: 1", "image/png")))
    assert message["Content-ID"] == "<a%3E%20X-Bad:%201>"
    assert "X-Bad" not in message


@pytest.mark.parametrize("data", ["aGVsbG8=", "aGVs\r\nbG8=", "aGVsbG8=\n", " aGVsbG8="])
def test_base64(data):
    assert decoded(data) == b"hello"


@pytest.mark.parametrize("data", ["aGVsbG8", "aGVsbG8==", "aGVs*G8=", "é", "aGVsbG8=aGVsbG8=", "a"])
def test_what_is_not_base64(data):
    assert decoded(data) is None


@pytest.mark.parametrize("text", ["text/plain", 'text/plain; charset="utf-8"', "a/b;c=d ; e=f", "image/svg+xml;"])
def test_media_types(text):
    assert is_media_type(text)


@pytest.mark.parametrize(
    "text",
    ["", "text", "text/", "text/plain\r\nX: 1", "text/pl ain", "té/x", "a/b; c", "a/b; c=d e", "text/" + "x" * 251],
)
def test_what_is_no_media_type(text):
    assert not is_media_type(text)
