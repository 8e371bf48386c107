"""Where tracked links lead (contract 50 §4, §13)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transmissions.generation.destinations import base_url, location

HOST = "track.example.org:81"


@pytest.mark.parametrize(
    "target, expected",
    [
        ("https://shop.test/x", "https://shop.test/x"),
        ("HTTPS://Shop.test/X?a=1&b=%7E#f", "HTTPS://Shop.test/X?a=1&b=%7E#f"),
        ("http://shop.test", "http://shop.test"),
        ("https://shop.test/a b/é", "https://shop.test/a%20b/%C3%A9"),
        ("https://shop.test/\r\nSet-Cookie: a", "https://shop.test/%0D%0ASet-Cookie:%20a"),
        ("https://shop.test/x \n", "https://shop.test/x"),
        ("https://münchen.test/ü", "https://xn--mnchen-3ya.test/%C3%BC"),
        ("https://straße.test:8443/", "https://xn--strae-oqa.test:8443/"),
        ("https://u@Bücher.test/", "https://u@xn--bcher-kva.test/"),
        ("https://i❤.test/", "https://xn--i-7iq.test/"),
        ("https://u:p@shop.test:8443/", "https://u:p@shop.test:8443/"),
        ("https://track.example.org/elsewhere", "https://track.example.org/elsewhere"),
        ("https://other.test/f/a/b", "https://other.test/f/a/b"),
        ("https://[::1]/x", "https://[::1]/x"),
    ],
)
def test_destinations(target, expected):
    assert location(target, HOST) == expected


@pytest.mark.parametrize(
    "target",
    [
        "http://",
        "http:///x",
        "https://?a",
        "https://:80/",
        "https://user@/x",
        "mailto:a@b.test",
        "javascript:alert(1)",
        "",
        "//shop.test/",
        "http://track.example.org:81/f/a/b",
        "HTTPS://TRACK.example.org/q/a/b",
        "http://track.example.org/u/a/b",
        "https://" + "x" * 4089,
        "https://shop.test/" + "é" * 700,
    ],
)
def test_links_left_alone(target):
    assert location(target, HOST) is None


def test_the_longest_target():
    assert location("https://" + "x" * 4088, HOST) is not None


@given(st.text(st.characters(codec="utf-8"), max_size=40))
def test_a_destination_is_graphic_ascii(text):
    target = location("https://shop.test/" + text, HOST)
    assert target is not None
    assert all("!" <= character <= "~" for character in target)
    mixed = location("http://" + text, HOST)
    assert mixed is None or all("!" <= character <= "~" for character in mixed)


@pytest.mark.parametrize(
    "scheme, host, expected",
    [
        ("http", "track.example.org:81", "http://track.example.org:81"),
        ("http", "track.example.org:80", "http://track.example.org"),
        ("https", "track.example.org:443", "https://track.example.org"),
        ("https", "track.example.org:80", "https://track.example.org:80"),
        ("http", "[::1]:8001", "http://[::1]:8001"),
    ],
)
def test_the_port_is_left_out_where_it_is_the_default(scheme, host, expected):
    assert base_url(scheme, host) == expected
