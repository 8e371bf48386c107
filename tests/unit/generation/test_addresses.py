"""Addresses in header fields (contract 10 §5)."""

from email import policy
from email.header import decode_header, make_header
from email.parser import BytesParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transmissions.generation.addresses import Address, address_list, mailbox, parse, split
from transmissions.generation.headers import folded


def read_back(value: str):
    message = BytesParser(policy=policy.default).parsebytes(folded("To", value) + b"\r\n")
    assert message["To"].defects == ()
    return [(address.display_name, address.addr_spec) for address in message["To"].addresses]


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a@b.test", Address("a@b.test")),
        ("Ines <a@b.test>", Address("a@b.test", "Ines")),
        ('"Silva, \\"I\\"" <a@b.test>', Address("a@b.test", 'Silva, "I"')),
        ("<a@b.test>", Address("a@b.test")),
        ("a@münchen.test", Address("a@xn--mnchen-3ya.test")),
        ("josé@b.test", Address("josé@b.test")),
        ('"a b"@b.test', Address('"a b"@b.test')),
        ("A.B+c@B.Test", Address("A.B+c@B.Test")),
    ],
)
def test_one_mailbox(text, expected):
    assert parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "@b.test",
        "a@",
        "a b@c.test",
        "a@b@c.test,d",
        "a@b..test",
        "a@-b.test",
        "a@b.test\r\nBcc: x@y.test",
        "a@b.test, c@d.test",
        "x" * 250 + "@b.test",
        "a<b@c.test",
        "a@b test",
        "a@b.test>",
    ],
)
def test_what_is_no_mailbox(text):
    assert parse(text) is None


def test_a_list_is_split_at_its_own_commas():
    text = '"Silva, Ines" <a@b.test>, c@d.test (one, two),, Zoë <e@f.test>'
    assert split(text) == ['"Silva, Ines" <a@b.test>', "c@d.test (one, two)", "Zoë <e@f.test>"]


@pytest.mark.parametrize(
    "name", ["Ines", 'Ana "A" \\', "Silva, Ines", "Zoë", "{{name}}", "a" * 200, "Ж" * 21, "(x)"]
)
def test_names_come_back(name):
    assert read_back(mailbox(Address("a@b.test", name))) == [(name, "a@b.test")]


def test_a_long_name_is_cut_into_words_between_characters():
    written = mailbox(Address("a@b.test", "Ж" * 100))
    phrase = written.removesuffix(" <a@b.test>")
    assert str(make_header(decode_header(phrase))) == "Ж" * 100
    assert max(map(len, folded("Reply-To", written).split(b"\r\n"))) <= 76


@pytest.mark.parametrize("email", ["a..b@x.test", ".a@x.test", "a/b@x.test", '"a b"@x.test'])
def test_local_parts_that_need_quotes(email):
    ((_, written),) = read_back(mailbox(Address(email)))
    assert written.replace('"', "") == email.replace('"', "")


def test_an_ascii_list_is_kept_verbatim():
    text = "Ines <a@b.test>,c@d.test"
    assert address_list(text) == text


def test_names_of_a_list_are_encoded_again():
    assert read_back(address_list('Zoë <a@b.test>, "Silva, Íris" <c@d.test>, e@f.test')) == [
        ("Zoë", "a@b.test"),
        ("Silva, Íris", "c@d.test"),
        ("", "e@f.test"),
    ]


def test_free_text_in_a_list_becomes_a_phrase():
    assert address_list("todos nós") == "=?utf-8?b?dG9kb3MgbsOzcw==?="


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_no_name_makes_a_second_address_or_field(name):
    for _, written in read_back(mailbox(Address("a@b.test", name))):
        assert written == "a@b.test"
