from pathlib import Path
from typing import Any

import pytest

from tracking import agents, classify
from tracking.bursts import Bursts
from tracking.classify import Signals, Traffic

RULES = classify.load({})
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"


def verdict(**changes: Any) -> classify.Verdict:
    return classify.classify(
        Signals(
            **{"is_click": False, "user_agent": FIREFOX, "prefetch_header": False, "since_sent_s": 3600, **changes}
        ),
        RULES,
    )


@pytest.mark.parametrize(
    ("changes", "prefetched", "proxy", "traffic", "reasons"),
    [
        ({}, False, False, Traffic.HUMAN, ()),
        ({"user_agent": "Mozilla/5.0"}, True, True, Traffic.PREFETCH, ("privacy_proxy",)),
        ({"user_agent": "Mozilla/5.0 "}, True, True, Traffic.PREFETCH, ("privacy_proxy",)),
        ({"user_agent": GMAIL}, False, True, Traffic.HUMAN, ("image_proxy",)),
        ({"user_agent": GMAIL, "since_sent_s": 1}, False, True, Traffic.PREFETCH, ("image_proxy", "at_once")),
        ({"user_agent": "YahooMailProxy; https://help.yahoo.com/"}, False, True, Traffic.HUMAN, ("image_proxy",)),
        ({"prefetch_header": True}, True, False, Traffic.PREFETCH, ("prefetch_header",)),
        ({"user_agent": "Barracuda Sentinel (EE)"}, True, False, Traffic.SCANNER, ("scanner_agent",)),
        ({"user_agent": ""}, False, False, Traffic.UNKNOWN, ("no_agent",)),
        ({"user_agent": "python-requests/2.32"}, False, False, Traffic.UNKNOWN, ("http_client",)),
        ({"is_click": True, "since_sent_s": 1}, False, False, Traffic.UNKNOWN, ("click_at_once",)),
        ({"is_click": False, "since_sent_s": 1}, False, False, Traffic.HUMAN, ()),
        ({"is_click": True, "links": 4}, False, False, Traffic.SCANNER, ("burst",)),
        ({"is_click": True, "links": 3}, False, False, Traffic.HUMAN, ()),
        ({"is_click": True, "networks": 4}, False, False, Traffic.UNKNOWN, ("many_networks",)),
        (
            {"is_click": True, "since_sent_s": 1, "unsubscribed_too": True},
            False,
            False,
            Traffic.SCANNER,
            ("click_at_once", "unsubscribed_too"),
        ),
    ],
)
def test_the_rules(
    changes: dict[str, Any], prefetched: bool, proxy: bool, traffic: Traffic, reasons: tuple[str, ...]
) -> None:
    assert verdict(**changes) == classify.Verdict(traffic, reasons, RULES.version, prefetched, proxy)


def test_the_rules_are_a_file_that_can_be_replaced(tmp_path: Path) -> None:
    ours = Path(classify.__file__).with_name("rules.toml").read_text()
    other = tmp_path / "rules.toml"
    other.write_text(ours.replace("version = 1", "version = 7").replace('"Barracuda"', '"Firefox"'))
    rules = classify.load({"TRAFFIC_RULES": str(other)})
    assert rules.version == 7
    assert classify.classify(Signals(False, FIREFOX, False, 9999), rules).traffic is Traffic.SCANNER


def test_bursts_count_distinct_links_and_networks_of_one_message_near_in_time() -> None:
    bursts = Bursts(RULES)
    for second, link, address in [
        (0, "a", "192.0.2.1"),
        (1, "b", "192.0.2.77"),
        (2, "b", "2001:db8::1"),
        (300, "c", "x"),
    ]:
        bursts.add(7, 1000 + second, link, address, unsubscribe=link == "a")
    bursts.add(8, 1000, "d", "192.0.2.1", unsubscribe=False)
    assert bursts.around(7, 1001) == (2, 2, False)
    assert bursts.around(8, 1000) == (1, 1, False)
    assert bursts.around(9, 1000) == (0, 0, False)


@pytest.mark.parametrize(
    ("agent", "expected"),
    [
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
            "Version/17.5 Mobile/15E148 Safari/604.1",
            {
                "agent_family": "Mobile Safari",
                "device_brand": "Apple",
                "device_family": "iPhone",
                "os_family": "iOS",
                "os_version": "17.5",
                "is_mobile": True,
            },
        ),
        ("", {"agent_family": "Other", "device_family": "Other", "os_family": "Other", "is_mobile": False}),
    ],
)
def test_user_agents_are_taken_apart(agent: str, expected: dict[str, Any]) -> None:
    assert agents.parsed(agent) == expected
