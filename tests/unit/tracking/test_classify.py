from pathlib import Path
from typing import Any

import pytest

from tracking import agents, classify, signs
from tracking.classify import Traffic
from tracking.signs import Seen

RULES = classify.load({})
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
GMAIL = "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)"


CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140 Safari/537.36"


def seen(**changes: Any) -> Seen:
    return Seen(
        **{
            "at_s": 1000.0,
            "is_click": True,
            "link": "a",
            "address": "192.0.2.1",
            "user_agent": FIREFOX,
            "since_sent_s": 3600.0,
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("changes", "prefetched", "proxy", "traffic", "reasons"),
    [
        ({"is_click": False}, False, False, Traffic.HUMAN, ()),
        ({"user_agent": "Mozilla/5.0"}, True, True, Traffic.PREFETCH, ("privacy_proxy",)),
        ({"user_agent": "Mozilla/5.0 "}, True, True, Traffic.PREFETCH, ("privacy_proxy",)),
        ({"user_agent": GMAIL}, False, True, Traffic.HUMAN, ("image_proxy",)),
        ({"user_agent": GMAIL, "since_sent_s": 1}, False, True, Traffic.PREFETCH, ("image_proxy", "at_once")),
        ({"user_agent": "YahooMailProxy; https://help.yahoo.com/"}, False, True, Traffic.HUMAN, ("image_proxy",)),
        ({"prefetch_header": True}, True, False, Traffic.PREFETCH, ("prefetch_header",)),
        ({"user_agent": "Barracuda Sentinel (EE)"}, True, False, Traffic.SCANNER, ("scanner_agent",)),
        ({"user_agent": ""}, False, False, Traffic.UNKNOWN, ("no_agent",)),
        ({"user_agent": "python-requests/2.32"}, False, False, Traffic.UNKNOWN, ("http_client",)),
        ({"since_sent_s": 1}, False, False, Traffic.UNKNOWN, ("click_at_once", "click_early")),
        ({"since_sent_s": 9}, False, False, Traffic.HUMAN, ("click_early",)),
        ({"is_click": False, "since_sent_s": 1}, False, False, Traffic.HUMAN, ()),
        ({"after_head": True}, False, False, Traffic.SCANNER, ("after_head",)),
    ],
)
def test_the_rules_for_a_hit_alone(
    changes: dict[str, Any], prefetched: bool, proxy: bool, traffic: Traffic, reasons: tuple[str, ...]
) -> None:
    (found,) = signs.verdicts([seen(**changes)], RULES)
    assert found == classify.Verdict(traffic, reasons, RULES.version, prefetched, proxy)


def series(count: int, gap_s: float, **changes: Any) -> list[Seen]:
    return [seen(at_s=1000 + number * gap_s, link=f"l{number}", **changes) for number in range(count)]


OPENED = seen(at_s=990.0, is_click=False, link="")
APART = [12.0, 31.0, 33.5, 60.0, 71.0]


@pytest.mark.parametrize(
    ("hits", "expected"),
    [
        ([OPENED, *series(4, 0.5)], "burst"),
        ([OPENED, *series(3, 0.5)], None),
        ([OPENED, *series(5, 4)], "many_links"),
        ([OPENED, *series(5, 15)], "even_pace"),
        ([OPENED, *(seen(at_s=1000 + at_s, link=str(at_s)) for at_s in APART)], None),
        ([OPENED, *(seen(at_s=1000 + n, link=f"l{n}", address=f"198.51.{n}.1") for n in range(4))], "shared_burst"),
        ([OPENED, *(seen(at_s=1000 + 25 * n, address=f"198.51.{n}.1") for n in range(3))], "many_networks"),
        ([OPENED, *(seen(at_s=1000 + 25 * n, address=f"198.51.{n}.1") for n in range(2))], None),
        ([OPENED, *(seen(at_s=1000 + 25 * n, user_agent=f"Mozilla/5.0 {n}") for n in range(3))], "many_agents"),
        ([OPENED, *series(2, 3), seen(at_s=1008, link="u", unsubscribe=True)], "unsubscribed_too"),
        ([OPENED, seen(), seen(at_s=1008, link="u", unsubscribe=True)], None),
        (series(3, 6.5), "no_pixel"),
        ([OPENED, *series(3, 6.5)], None),
        ([OPENED, *(seen(at_s=1000 + n) for n in range(30))], "flood"),
    ],
)
def test_what_shows_in_several_hits(hits: list[Seen], expected: str | None) -> None:
    reasons = {reason for verdict in signs.verdicts(hits, RULES) for reason in verdict.reasons}
    assert expected in reasons if expected else not reasons


def test_verdicts_come_in_the_order_of_the_hits() -> None:
    hits = [*series(4, 0.2), seen(at_s=5000.0, address="198.51.100.1")]
    for order in ([0, 1, 2, 3, 4], [4, 2, 0, 3, 1]):
        found = signs.verdicts([hits[place] for place in order], RULES)
        assert [order[place] for place, one in enumerate(found) if one.traffic is Traffic.HUMAN] == [4]


def test_a_person_in_the_middle_of_a_burst_from_elsewhere_stays_a_person() -> None:
    reader = [OPENED, seen(at_s=1000.5, link="l1")]
    scanner = [seen(at_s=1000 + n / 4, link=f"l{n}", address="198.51.100.1", user_agent=CHROME) for n in range(5)]
    found = signs.verdicts([*reader, *scanner], RULES)
    assert [one.traffic for one in found] == [Traffic.HUMAN] * 2 + [Traffic.SCANNER] * 5


def test_pixel_and_first_click_of_a_scanner_are_its_own_too() -> None:
    found = signs.verdicts([OPENED, seen(at_s=971.0), *series(4, 0.3)], RULES)
    assert [one.reasons for one in found[:2]] == [("with_scanner",)] * 2


def test_the_rules_are_a_file_that_can_be_replaced(tmp_path: Path) -> None:
    ours = Path(classify.__file__).with_name("rules.toml").read_text()
    other = tmp_path / "rules.toml"
    other.write_text(ours.replace("version = 2", "version = 7").replace('"Barracuda"', '"Firefox"'))
    rules = classify.load({"TRAFFIC_RULES": str(other)})
    assert rules.version == 7
    assert signs.verdicts([seen()], rules)[0].traffic is Traffic.SCANNER


def test_every_sign_of_the_rules_is_known_and_says_what_it_means() -> None:
    assert RULES.signs.keys() == signs.KNOWN
    assert all(rule.meaning for rule in (*RULES.signs.values(), *RULES.agents.values()))


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
