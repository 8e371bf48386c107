"""What may be typed for each msg_gen option (contract 50 §1)."""

import pytest

from tracking import option_rules as rules
from tracking.options import Configuration


def test_every_option_of_the_contract_is_there_with_its_default() -> None:
    defaults = {name: rules.default(name, "track.example.org:81") for name in rules.OPTIONS}
    assert defaults == {
        "click_tracking_enabled": True,
        "open_tracking_enabled": True,
        "click_tracking_scheme": "http",
        "open_tracking_scheme": "http",
        "engagement_tracking_host": "track.example.org:81",
        "gen_count": 2,
        "gen_transactional_threads": 2,
        "scheduled_interval_delete": 600,
        "start_time_max_schedule_interval": 31_536_000,
        "click_tracking_include_metadata": True,
        "max_metadata_len": 1000,
        "tracking_link_expiry": 31_536_000,
        "rest_tracking_default": True,
        "smtp_tracking_default": False,
        "initial_open_pixel_tracking": True,
        "click_tracking": True,
        "transactional_default": False,
        "transactional_unsub": False,
    }


@pytest.mark.parametrize("name", list(rules.OPTIONS))
def test_every_value_is_read_back_from_its_text(name: str) -> None:
    value = rules.default(name, "track.example.org:81")
    assert rules.read(name, f" {rules.as_text(value)}\n") == value
    assert isinstance(rules.read(name, "no such value"), rules.Problem)
    assert isinstance(rules.read(name, ""), rules.Problem)
    assert rules.OPTIONS[name].metadata["section"] in rules.SECTIONS
    Configuration(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "name, text, value",
    [
        ("click_tracking_enabled", "off", False),
        ("click_tracking", "on", True),
        ("click_tracking_scheme", "https", "https"),
        ("scheduled_interval_delete", "60", 60),
        ("gen_count", "0", 0),
        ("max_metadata_len", "2000", 2000),
        ("max_metadata_len", "+007", 7),
    ],
)
def test_good_values(name: str, text: str, value: rules.Value) -> None:
    read = rules.read(name, text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "name, text, said",
    [
        ("click_tracking_enabled", "True", "on or off"),
        ("click_tracking_scheme", "HTTPS", "http or https"),
        ("click_tracking_scheme", "javascript", "http or https"),
        ("scheduled_interval_delete", "59", "between 60 and 31,536,000"),
        ("gen_count", "-1", "between 0 and 64"),
        ("gen_count", "65", "between 0 and 64"),
        ("gen_count", "2.5", "whole number"),
        ("gen_count", "٣", "whole number"),
        ("gen_count", "1e3", "whole number"),
        ("gen_count", "9" * 5000, "whole number"),
    ],
)
def test_bad_values_are_told_in_a_sentence(name: str, text: str, said: str) -> None:
    read = rules.read(name, text)
    assert isinstance(read, rules.Problem)
    assert said in read.reason


@pytest.mark.parametrize(
    "text",
    [
        "localhost",
        "127.0.0.1:8001",
        "track.example.org",
        "track.example.org:81",
        "xn--mnchen-3ya.example:65535",
        "a.b",
        "[2001:db8::1]",
        "[::1]:443",
        "a" * 63 + ".example",
    ],
)
def test_hosts(text: str) -> None:
    assert rules.host(text) == text


def test_hosts_are_kept_in_lower_case() -> None:
    assert rules.host("Track.Example.ORG:81") == "track.example.org:81"


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "needed"),
        (":81", "needed"),
        ("https://track.example.org", "scheme"),
        ("//track.example.org", "scheme"),
        ("track.example.org:", "1 to 65535"),
        ("track.example.org:0", "1 to 65535"),
        ("track.example.org:65536", "1 to 65535"),
        ("track.example.org:81/path", "1 to 65535"),
        ("track.example.org:8x", "1 to 65535"),
        ("a:b:c", "1 to 65535"),
        ("track.example.org/path", "not a host"),
        ("track.example.org.", "not a host"),
        ("track..example", "not a host"),
        ("-a.example", "not a host"),
        ("a_b.example", "not a host"),
        ("user@host", "not a host"),
        ("a b", "not a host"),
        ("a\r\nb", "not a host"),
        ("münchen.example", "not a host"),
        ("256.0.0.1", "not a host"),
        ("1.2.3", "not a host"),
        ("2001:db8::1", "1 to 65535"),
        ("[2001:db8::g]", "not a host"),
        ("[fe80::1%eth0]", "not a host"),
        ("[::1]81", "1 to 65535"),
        ("[::1", "not a host"),
        ("a" * 64 + ".example", "not a host"),
        (".".join(["a" * 60] * 5), "not a host"),
    ],
)
def test_what_is_no_host(text: str, said: str) -> None:
    read = rules.host(text)
    assert isinstance(read, rules.Problem)
    assert said in read.reason


@pytest.mark.parametrize(
    "name, value, said",
    [
        ("tracking_link_expiry", 31_536_000, "31,536,000 seconds (365 days)"),
        ("tracking_link_expiry", 86_400, "86,400 seconds (1 day)"),
        ("scheduled_interval_delete", 600, "600 seconds (10 minutes)"),
        ("scheduled_interval_delete", 61, "61 seconds"),
        ("tracking_link_expiry", 0, "0 seconds"),
        ("max_metadata_len", 1000, "1,000 bytes"),
        ("click_tracking", True, "on"),
        ("engagement_tracking_host", "a.b:81", "a.b:81"),
    ],
)
def test_values_in_words(name: str, value: rules.Value, said: str) -> None:
    assert rules.in_words(name, value) == said


def test_bounds_are_told_where_the_field_does_not_show_them() -> None:
    assert rules.bounds("scheduled_interval_delete") == "60 to 31,536,000 seconds"
    assert rules.bounds("engagement_tracking_host") == "host[:port]"
    assert rules.bounds("click_tracking_scheme") == rules.bounds("click_tracking") == ""
