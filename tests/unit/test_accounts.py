"""Keys, grants and sources as plain values (contract 00 §2)."""

import base64

import pytest

from accounts import grants, keys, sources

KEY = "0123456789abcdef0123456789abcdef01234567"


def basic(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_a_new_key_is_40_lower_case_hex_digits() -> None:
    made = {keys.new_key() for _ in range(50)}
    assert len(made) == 50
    assert all(keys.presented_key(key) == key for key in made)


@pytest.mark.parametrize(
    "header",
    [
        KEY,
        f"  {KEY} ",
        f"Basic {basic(KEY + ':')}",
        f"basic {basic(KEY + ':a:password')}",
        f"BASIC   {basic(KEY)}",
        f"Basic {basic(' ' + KEY + ' :')}",
        f"Bearer {KEY}",
        f"bearer   {KEY} ",
    ],
)
def test_every_way_to_present_a_key(header: str) -> None:
    assert keys.presented_key(header) == KEY


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        KEY.upper(),
        KEY[:-1],
        KEY + "0",
        f"{KEY}\n0",
        f"Token {KEY}",
        f"{KEY} {KEY}",
        "Basic",
        "Basic ====",
        "Basic äöü",
        f"Basic {KEY}",
        f"Basic {basic(':' + KEY)}",
        f"Basic {basic(KEY)}!",
        "Bearer",
        "Basic " + base64.b64encode(b"\xff\xfe").decode(),
    ],
)
def test_what_is_no_key(header: str) -> None:
    assert keys.presented_key(header) is None


def test_the_grants_are_those_of_the_contract() -> None:
    assert len(grants.GRANTS) == len(grants.BY_NAME) == 24
    assert grants.BY_NAME["recipient_lists/manage"].label == "Recipient Lists: Read-Write"
    assert all(grant.implies in grants.BY_NAME for grant in grants.GRANTS if grant.implies)


def test_modify_and_manage_bring_the_view_grant_of_the_same_thing() -> None:
    for name in grants.BY_NAME:
        thing, verb = name.split("/")
        view = f"{thing}/view"
        brought = view in grants.effective([name])
        assert brought == (verb in ("view", "modify", "manage") and view in grants.BY_NAME)
    assert grants.effective(["templates/preview"]) == {"templates/preview"}
    assert grants.effective(["gone/view"]) == frozenset()


def test_unknown_grants_are_named_and_labels_follow_the_table() -> None:
    assert grants.unknown(["metrics/view", "x", "y"]) == ["x", "y"]
    assert grants.labels(["webhooks/view", "metrics/view", "x"]) == ["Metrics: Read-only", "Webhooks: Read-only"]


@pytest.mark.parametrize(
    "source, normal",
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7/24", "192.0.2.0/24"),
        ("192.0.2.7/32", "192.0.2.7"),
        ("2001:DB8::1", "2001:db8::1"),
        ("2001:db8::1/32", "2001:db8::/32"),
        ("192.0.2", None),
        ("192.0.2.7/33", None),
        ("host.example", None),
        ("", None),
    ],
)
def test_sources_have_one_form(source: str, normal: str | None) -> None:
    assert sources.normal_form(source) == normal


def test_sources_are_split_at_blanks_commas_and_lines() -> None:
    assert sources.split(" a, b\nc;d\r\n") == ["a", "b", "c", "d"]


def test_callers_inside_and_outside_of_the_sources() -> None:
    allowed = ["192.0.2.0/24", "2001:db8::1"]
    assert sources.is_allowed("192.0.2.9", allowed)
    assert sources.is_allowed("::ffff:192.0.2.9", allowed)
    assert sources.is_allowed("2001:db8::1", allowed)
    assert not sources.is_allowed("192.0.3.9", allowed)
    assert not sources.is_allowed("2001:db8::2", allowed)
    assert not sources.is_allowed("", allowed)
    assert sources.is_allowed("", [])
