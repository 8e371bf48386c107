import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracking.addresses import TrustedProxies

PROXIES = TrustedProxies.from_text("10.0.0.0/8, 2001:db8:1::/48,192.0.2.1")


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        ("203.0.113.9:4711", "", "203.0.113.9"),
        ("203.0.113.9:4711", "198.51.100.1", "203.0.113.9"),  # the peer is nobody we trust
        ("10.1.2.3:80", "198.51.100.1", "198.51.100.1"),
        ("10.1.2.3:80", "6.6.6.6, 198.51.100.1", "198.51.100.1"),  # the left one is the client's invention
        ("10.1.2.3:80", "198.51.100.1, 192.0.2.1, 10.9.9.9", "198.51.100.1"),
        ("10.1.2.3:80", "10.9.9.9", "10.9.9.9"),
        ("10.1.2.3:80", "unknown", "10.1.2.3"),
        ("10.1.2.3:80", "6.6.6.6, junk, 10.4.4.4", "10.4.4.4"),
        ("[2001:db8:1::5]:443", "[2001:db8:2::7]:1234", "2001:db8:2::7"),
        ("2001:db8:1::5", "2001:db8:2::7", "2001:db8:2::7"),
        ("::ffff:203.0.113.9", "", "203.0.113.9"),
        ("10.1.2.3", "198.51.100.1:9999", "198.51.100.1"),
        ("", "198.51.100.1", ""),
    ],
)
def test_the_client_is_the_right_most_address_that_we_do_not_trust(peer: str, forwarded: str, client: str) -> None:
    assert PROXIES.client(peer, forwarded) == client


@given(st.text(), st.text())
def test_no_header_makes_it_fail(peer: str, forwarded: str) -> None:
    PROXIES.client(peer, forwarded)
    PROXIES.client("10.0.0.1", forwarded)


def test_a_list_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError):
        TrustedProxies.from_text("10.0.0.0/8, proxy.internal")
