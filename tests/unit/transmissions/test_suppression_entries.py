"""Which entries of the suppression list an event makes (contract 95 §1, "Automatic entries")."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tracking.events import EventType
from transmissions.suppression import list_ids
from transmissions.suppression.following import Happened, entries_of
from transmissions.suppression.store import Key

BOTH = {"transactional", "non_transactional"}
MARKETING = {"non_transactional"}


def happened(event_type: EventType, **changes: Any) -> Happened:
    return Happened(
        **{
            "happened_at": datetime(2026, 3, 1, tzinfo=UTC),
            "type": event_type.value,
            "rcpt_to": "ines@example.net",
            "campaign_id": "",
            "bounce_class": None,
            "reason": "",
            "is_prefetched": False,
            "traffic": "",
            "data": {},
            **changes,
        }
    )


@pytest.mark.parametrize(
    "event_type, changes, types, source, list_id",
    [
        (EventType.LINK_UNSUBSCRIBE, {}, MARKETING, "Unsubscribe Link", ""),
        (EventType.LINK_UNSUBSCRIBE, {"traffic": "human"}, MARKETING, "Unsubscribe Link", ""),
        (EventType.LINK_UNSUBSCRIBE, {"traffic": "unknown"}, MARKETING, "Unsubscribe Link", ""),
        (EventType.LINK_UNSUBSCRIBE, {"traffic": "scanner"}, set(), "", ""),
        (EventType.LINK_UNSUBSCRIBE, {"traffic": "prefetch"}, set(), "", ""),
        (EventType.LINK_UNSUBSCRIBE, {"is_prefetched": True}, set(), "", ""),
        (EventType.LINK_UNSUBSCRIBE, {"data": {"list_id": "a.b"}}, MARKETING, "Unsubscribe Link", "a.b"),
        (EventType.LIST_UNSUBSCRIBE, {}, MARKETING, "List Unsubscribe", ""),
        (EventType.LIST_UNSUBSCRIBE, {"traffic": "scanner"}, MARKETING, "List Unsubscribe", ""),
        (EventType.LIST_UNSUBSCRIBE, {"is_prefetched": True}, MARKETING, "List Unsubscribe", ""),
        (EventType.LIST_UNSUBSCRIBE, {"data": {"list_id": "a.b"}}, MARKETING, "List Unsubscribe", "a.b"),
        (EventType.SPAM_COMPLAINT, {}, MARKETING, "Spam Complaint", ""),
        (EventType.SPAM_COMPLAINT, {"data": {"list_id": "a.b"}}, MARKETING, "Spam Complaint", ""),
        (EventType.BOUNCE, {"bounce_class": 10}, BOTH, "Bounce Rule", ""),
        (EventType.BOUNCE, {"bounce_class": 10, "data": {"list_id": "a.b"}}, BOTH, "Bounce Rule", ""),
        (EventType.BOUNCE, {"bounce_class": 30}, BOTH, "Bounce Rule", ""),
        (EventType.BOUNCE, {"bounce_class": 90}, MARKETING, "Bounce Rule", ""),
        (EventType.OUT_OF_BAND, {"bounce_class": 10}, BOTH, "Bounce Rule", ""),
        (EventType.OUT_OF_BAND, {"bounce_class": 90, "data": {"list_id": "a.b"}}, MARKETING, "Bounce Rule", "a.b"),
        *((EventType.BOUNCE, {"bounce_class": code}, set(), "", "") for code in (1, 20, 22, 25, 50, 54, 70, 100)),
        (EventType.BOUNCE, {}, set(), "", ""),
        (EventType.DELAY, {"bounce_class": 10}, set(), "", ""),
        (EventType.GENERATION_REJECTION, {"bounce_class": 25}, set(), "", ""),
        (EventType.CLICK, {}, set(), "", ""),
        (EventType.BOUNCE, {"bounce_class": 10, "rcpt_to": "nobody"}, set(), "", ""),
        (EventType.SPAM_COMPLAINT, {"rcpt_to": ""}, set(), "", ""),
    ],
)
def test_what_an_event_asks_for(
    event_type: EventType, changes: dict[str, Any], types: set[str], source: str, list_id: str
) -> None:
    made = dict(entries_of(happened(event_type, **changes)))
    assert {key: entry.source for key, entry in made.items()} == {
        Key("ines@example.net", kind, list_id): source for kind in types
    }


@pytest.mark.parametrize(
    "header, label",
    [
        (None, ""),
        ("<News.Example.org>", "news.example.org"),
        ("<news@example.org>", "news.example.org"),
        ("<" + "x" * 300 + ".org>", "x" * 255),
    ],
)
def test_the_label_of_a_list_id_header(header: str | None, label: str) -> None:
    assert list_ids.of_header(header) == label


@pytest.mark.parametrize(
    "text, is_label",
    [
        ("a", True),
        ("News_1.ex-ample.org", True),
        ("x" * 255, True),
        ("x" * 256, False),
        ("", False),
        (".a", False),
        ("a.", False),
        ("a..b", False),
        ("a b", False),
        ("<a.b>", False),
        ("ä", False),
        ("a\n", False),
    ],
)
def test_what_a_list_id_may_be(text: str, is_label: bool) -> None:
    assert list_ids.is_label(text) is is_label
