"""Quoted-printable in pieces: joined they decode to the text, line by line within 76 columns."""

import quopri
import re

from hypothesis import example, given
from hypothesis import strategies as st

from transmissions.generation.quoted import broken, join, marked, piece

TEXT = st.text(st.characters(codec="utf-8")) | st.text("ab =.\t\r\n-é", max_size=200)


def with_crlf(text: str) -> str:
    return re.sub(r"\r\n|\r|\n", "\r\n", text.replace("\0", ""))


@given(st.lists(TEXT, max_size=6))
@example([("x" * 75) + " \n"])
@example(["x" * 74 + "\t\nabc"])
@example(["x" * 75 + " "])
@example(["x" * 72 + "é "])
@example(["a ", ""])
@example([" "] * 5)
@example([".", "\n.\n"])
@example(["=" * 300, "é" * 100])
@example(["\x00\x7f"])
@example(["0", "\x00"])
@example(["=" + "x" * 73, "y"])
@example(["x" * 73 + "=", "y"])
@example(["x" * 76, "y"])
def test_pieces_decode_to_the_text(texts):
    body = join([piece(text) for text in texts])
    expected = "".join(with_crlf(text) for text in texts)
    assert quopri.decodestring(body).decode() == expected
    assert body.isascii()
    for line in body.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.endswith((b" ", b"\t"))
        assert b"\n" not in line
        assert b"\r" not in line
    assert not body.endswith(b"=\r\n")


@given(TEXT)
def test_every_piece_ends_in_column_0(text):
    assert piece(text) == "" or piece(text).endswith("\r\n")


@given(st.text("abcXYZ019-_/:.", max_size=400))
def test_addresses_are_broken_into_lines(url):
    encoded = broken(marked(url))
    assert quopri.decodestring(encoded.encode()).decode() == url
    assert max(map(len, encoded.split("\r\n"))) <= 76
    assert quopri.decodestring(piece(marked(url)).encode()).decode() == url
