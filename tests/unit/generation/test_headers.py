"""Header fields: one field whatever the value, readable by the standard library, short lines."""

from email import policy
from email.header import decode_header, make_header
from email.parser import BytesParser

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from transmissions.generation.headers import clean, folded, phrase, unstructured

ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=300) | st.text("ab é=?\r\n\t:", max_size=300)


def parse(field: bytes):
    message = BytesParser(policy=policy.default).parsebytes(field + b"\r\n")
    assert message.defects == []
    assert len(message.items()) == 1
    (value,) = message.values()
    assert value.defects == ()
    return str(value)


@given(ANY_TEXT)
@example("a\r\nBcc: x@y.test")
@example("a\n\nbody")
@example("=?utf-8?b?aGk=?=")
@example("x" * 2000)
@example("ab " * 400)
@example("é" * 400)
@example("a" + " " * 200 + "b")
@example("\ud800")
def test_free_text_is_one_field_and_comes_back(value):
    field = unstructured("X-Free", value)
    assert field.endswith(b"\r\n")
    for line in field[:-2].split(b"\r\n"):
        assert len(line) <= 998
        assert line.strip()
        assert b"\r" not in line
        assert b"\n" not in line
    expected = clean(value).encode("utf-8", "replace").decode()
    assert (
        str(make_header(decode_header(field.partition(b":")[2].decode().replace("\r\n", "").strip(" "))))
        == expected
    )
    if "\x85" not in expected and "\u2028" not in expected and "\u2029" not in expected:
        assert parse(field) == expected


@given(st.lists(st.text("abcé", min_size=1, max_size=20), max_size=40).map(" ".join))
def test_ordinary_lines_are_short(value):
    for name in ("Subject", "X-Rather-Long-Field-Name"):
        assert max(map(len, unstructured(name, value).split(b"\r\n"))) <= 76


def test_a_plain_value_stays_as_it_is():
    assert unstructured("Subject", "News from Porto") == b"Subject: News from Porto\r\n"


def test_a_long_value_is_folded_before_blanks():
    value = " ".join(["word"] * 40)
    field = unstructured("Subject", value)
    assert field.count(b"\r\n ") == 2
    assert field.replace(b"\r\n", b"") == f"Subject: {value}".encode()


def test_non_ascii_becomes_base64_words():
    assert unstructured("Subject", "Olá") == b"Subject: =?utf-8?b?T2zDoQ==?=\r\n"


@pytest.mark.parametrize("text", ["é" * 100, "a" + "é" * 100, "€" * 60, "ab😀" * 40])
def test_no_character_is_cut_by_an_encoded_word(text):
    words = unstructured("Subject", text).decode().removeprefix("Subject: ").split()
    assert len(words) > 1
    assert "".join(str(make_header(decode_header(word))) for word in words) == text


@pytest.mark.parametrize(
    "raw, cleaned",
    [("a\r\nb", "a b"), ("a\rb\nc", "a b c"), ("a\x00b", "a b"), (" a\t", "a"), ("a\x7fb", "a b"), ("\r\n", "")],
)
def test_line_breaks_and_controls_become_blanks(raw, cleaned):
    assert clean(raw) == cleaned


@pytest.mark.parametrize(
    "name, written",
    [
        ("Ines", '"Ines"'),
        ('Ana "A" \\ B', '"Ana \\"A\\" \\\\ B"'),
        ("Silva, Ines", '"Silva, Ines"'),
        ("Zoë", "=?utf-8?b?Wm/Dqw==?="),
    ],
)
def test_display_names(name, written):
    assert phrase(name) == written


def test_a_word_longer_than_a_line_stays_whole():
    assert folded("List-Unsubscribe", "x" * 300) == b"List-Unsubscribe: " + b"x" * 300 + b"\r\n"


def test_a_word_that_fits_no_first_line_begins_the_second():
    assert folded("Reply-To", "x" * 70 + " y") == b"Reply-To:\r\n " + b"x" * 70 + b" y\r\n"


def test_an_empty_field():
    assert folded("To", "") == b"To:\r\n"
