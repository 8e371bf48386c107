import pytest

from transmissions.addresses import domain_of, parse_address, split_mailbox


@pytest.mark.parametrize(
    "address",
    [
        "ines@example.net",
        "Ines.M+tag@Example.NET",
        "a@b",
        "o'hara@example.org",
        '"two words"@example.org',
        "zoë@example.net",
        "用户@example.net",
        "x" * 64 + "@example.net",
    ],
)
def test_an_address_is_kept_as_given(address: str) -> None:
    assert parse_address(address) == address


def test_a_non_ascii_domain_becomes_its_a_label() -> None:
    assert parse_address("ana@bücher.test") == "ana@xn--bcher-kva.test"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "ana",
        "ana-at-example.org",
        "@example.org",
        "ana@",
        "ana b@example.org",
        "ana@exa mple.org",
        "ana@example..org",
        "ana@-example.org",
        ".ana@example.org",
        "ana@example.org\n",
        "ana@example.org\r\nBcc: x@y.test",
        "<ana@example.org>",
        "a@b@c.test",
        "a\0b@example.org",
        "x" * 65 + "@example.net",
        "a@" + "x" * 64 + ".test",
        "a@" + ".".join(["x" * 60] * 5),
        "a@xn--\u2028.test",
        "a\u200bb@example.org",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    assert parse_address(text) is None


@pytest.mark.parametrize(
    "text, parts",
    [
        ("a@b.test", ("", "a@b.test")),
        ("Ana <a@b.test>", ("Ana", "a@b.test")),
        ('"Silva, Ana" <a@b.test>', ("Silva, Ana", "a@b.test")),
        ("  <a@b.test> ", ("", "a@b.test")),
        ("Ana <{{from}}>", ("Ana", "{{from}}")),
    ],
)
def test_a_mailbox_is_split(text: str, parts: tuple[str, str]) -> None:
    assert split_mailbox(text) == parts


def test_the_domain_of_an_address_is_lower_case() -> None:
    assert domain_of("a@Example.NET") == "example.net"
    assert domain_of("nobody") == ""
