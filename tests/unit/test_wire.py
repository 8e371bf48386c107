"""The bytes of SMTP."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transmissions.delivery.wire import ReplyError, ReplyReader, body, is_safe_address


@pytest.mark.parametrize(
    ("data", "sent"),
    [
        (b"a\r\nb\r\n", b"a\r\nb\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b"", b".\r\n"),
        (b".\r\n", b"..\r\n.\r\n"),
        (b"a\r\n.\r\n..b\r\n", b"a\r\n..\r\n...b\r\n.\r\n"),
        (b"a\n.\nb\n", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"a\r.\rb", b"a\r\n..\r\nb\r\n.\r\n"),
        (b"a\n.\r\nMAIL FROM:<x@y>\r\n", b"a\r\n..\r\nMAIL FROM:<x@y>\r\n.\r\n"),
        (b"a\r\r\n.\n", b"a\r\n\r\n..\r\n.\r\n"),
    ],
)
def test_body(data: bytes, sent: bytes) -> None:
    assert body(data) == sent


@given(st.lists(st.sampled_from([b"\r", b"\n", b".", b"a", b"\r\n"])).map(b"".join))
def test_nothing_in_the_data_can_end_it(data: bytes) -> None:
    sent = body(data)
    assert sent == b".\r\n" or sent.endswith(b"\r\n.\r\n")
    inside = b"\r\n" + sent[:-3]
    for end in (b"\r\n.\r\n", b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r.\n"):
        assert end not in inside
    assert sent.count(b"\r") == sent.count(b"\n") == sent.count(b"\r\n")


def test_replies_in_pieces() -> None:
    reader = ReplyReader()
    pieces = [b"25", b"0-a\r", b"\n250-", b"b\r\n250 c\r\n3", b"54 go\r\n221\r\n"]
    replies = [reply for piece in pieces for reply in reader.feed(piece)]
    assert replies == [(250, "250-a\n250-b\n250 c"), (354, "354 go"), (221, "221")]
    assert reader.is_between_replies


def test_replies_are_bounded_and_printable() -> None:
    [reply] = ReplyReader().feed(b"250 a\x00\x1b[31m\xe9\n"[:-1] + b"x" * 5000 + b"\r\n")
    assert reply.text.startswith("250 a??[31m?xxx")
    assert len(reply.text) == 2048
    [reply] = ReplyReader().feed((b"250-" + b"y" * 3000 + b"\r\n") * 99 + b"250 z\r\n")
    assert len(reply.text) == 4000


@pytest.mark.parametrize(
    "data", [b"\r\n", b"hello\r\n", b"25\r\n", b"2500 x\r\n", b"250-x\r\n" * 101, b"2" * 70_000]
)
def test_what_is_no_reply(data: bytes) -> None:
    with pytest.raises(ReplyError):
        ReplyReader().feed(data)


@given(st.binary())
def test_any_bytes_are_replies_or_an_error(data: bytes) -> None:
    try:
        replies = ReplyReader().feed(data)
    except ReplyError:
        return
    assert all(0 <= reply.code <= 999 and reply.text.isascii() for reply in replies)


@pytest.mark.parametrize(
    ("address", "is_safe"),
    [
        ("joe@example.com", True),
        ("jörg@example.com", True),
        ("", True),
        ('"a b"@example.com', True),
        ('"a\\"b>"@example.com', True),
        ('"a"b"@example.com', False),
        ('"a b@example.com', False),
        ('"a"@exa mple.com', False),
        ("a b@example.com", False),
        ("a>@example.com", False),
        ("a\r\n@example.com", False),
        ("a\x7f@example.com", False),
        ("a" * 500, False),
    ],
)
def test_addresses(address: str, is_safe: bool) -> None:
    assert is_safe_address(address) is is_safe
