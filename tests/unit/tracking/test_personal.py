"""What is kept of readers' addresses and of people (contract 95 §7)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from momentum.lib import clock
from tracking.events import Event, EventType
from tracking.hits import Hit
from tracking.personal import HitAddresses, Keeping, Wish, erased, respecting, shortened, without_details

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DATA = {
    "message_id": "69a5",
    "raw_rcpt_to": "Ines@example.net",
    "rcpt_hash": "9f",
    "rcpt_meta": {"uid": "u-7"},
    "rcpt_tags": ["reader"],
    "ip_address": "203.0.113.9",
    "user_agent": "Firefox",
    "user_agent_parsed": {"agent_family": "Firefox"},
    "geo_ip": {"city": "Faro"},
    "accept_language": "pt",
    "target_link_url": "https://shop.test/?uid=7",
    "target_link_name": "Raw URL",
    "open_tracking": True,
    "traffic": {"class": "human"},
}


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON)


def make_hit(age: timedelta = timedelta(0), address: str = "203.0.113.9") -> Hit:
    at_ms = int((NOON - age).timestamp() * 1000)
    return Hit(bytes(16), at_ms, "m", "l", address, "Firefox", "pt")


def make_event(label: str = "https://shop.test/") -> Event:
    return Event(
        UUID(int=1), EventType.CLICK, NOON, 4711, "ines@example.net", campaign_id="c", link_label=label, data=DATA
    )


@pytest.mark.parametrize(
    "address, expected",
    [
        ("203.0.113.9", "203.0.113.0"),
        ("2001:db8:1:2:3::4", "2001:db8:1::"),
        ("::ffff:203.0.113.9", "203.0.113.0"),
        ("fe80::1%eth0", "fe80::"),
        ("", ""),
        ("testclient", ""),
    ],
)
def test_a_truncated_address_is_its_network(address: str, expected: str) -> None:
    assert shortened(address, HitAddresses.TRUNCATED) == expected
    assert shortened(address, HitAddresses.NONE) == ""
    assert shortened(address, HitAddresses.FULL) == address


def test_a_hit_keeps_what_the_settings_allow() -> None:
    assert Keeping().reduced(make_hit()) == make_hit()
    assert Keeping(HitAddresses.TRUNCATED).reduced(make_hit()) == make_hit(address="203.0.113.0")
    assert Keeping(HitAddresses.NONE).reduced(make_hit()) == make_hit(address="")


def test_a_hit_that_comes_late_has_no_details() -> None:
    keeping = Keeping(details_kept=timedelta(days=90))
    assert keeping.reduced(make_hit(timedelta(days=89))).user_agent == "Firefox"
    late = keeping.reduced(make_hit(timedelta(days=91)))
    assert (late.address, late.user_agent, late.accept_language) == ("", "", "")
    assert late.message_part == "m"


def test_of_an_erased_event_only_what_reports_count_stays() -> None:
    found = erased(make_event())
    assert (found.rcpt_to, found.campaign_id, found.message) == ("", "c", 4711)
    assert found.link_label == "https://shop.test/"
    assert found.data == {
        "message_id": "69a5",
        "raw_rcpt_to": "",
        "rcpt_meta": {},
        "rcpt_tags": [],
        "target_link_url": "https://shop.test/",
        "target_link_name": "Raw URL",
        "open_tracking": True,
        "traffic": {"class": "human"},
    }
    assert erased(found) == found


def test_a_link_that_is_known_by_its_name_loses_its_destination() -> None:
    assert "target_link_url" not in erased(make_event("lead")).data


def test_an_opt_out_leaves_out_places_and_agents() -> None:
    found = respecting(make_event(), Wish(opted_out=True), 0)
    assert set(DATA) - set(found.data) == {"geo_ip", "user_agent_parsed"}
    assert found.rcpt_to == "ines@example.net"


def test_an_erasure_concerns_mail_that_was_accepted_before_it_was_done() -> None:
    before, after = int(NOON.timestamp()), int(NOON.timestamp()) + 1
    done = Wish(erased_at=NOON)
    assert respecting(make_event(), done, before).rcpt_to == ""
    assert respecting(make_event(), done, after) == make_event()
    assert respecting(make_event(), Wish(erasing=True), after).rcpt_to == ""
    assert respecting(make_event(), Wish(), before) == make_event()


def test_details_go_and_everything_else_stays_in_its_order() -> None:
    kept = without_details(DATA)
    assert list(kept) == [name for name in DATA if name not in ("ip_address", "user_agent", "accept_language")]
