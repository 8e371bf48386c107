"""When and where people read, and campaigns side by side: against counts over the same events."""

import csv
import io
import json
import random
from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from momentum.lib import clock
from reports.drilldown import habits
from reports.periods import Window
from reports.questions import Filters
from tests.integration.report_events import NOON, make_event, record
from tracking.events import Event, EventType

pytestmark = pytest.mark.django_db(transaction=True)

NOW = NOON + timedelta(minutes=30, seconds=5)
HABITS, COMPARISON = "/admin/reports/habits/", "/admin/reports/comparison/"


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    habits.forget()


@pytest.fixture
def browser() -> Client:
    user = User.objects.create_user("mara", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_reports"))
    client = Client()
    client.force_login(user)
    return client


def hits(seed: int) -> list[Event]:
    chance = random.Random(seed)
    return [
        make_event(
            type=chance.choice([EventType.OPEN, EventType.INITIAL_OPEN, EventType.CLICK, EventType.AMP_CLICK]),
            message=chance.randrange(1, 40),
            happened_at=NOW - timedelta(seconds=chance.randrange(1, 20 * 86_400)),
            recipient_domain=chance.choice(["x.test", "y.test"]),
            traffic=chance.choice(["human", "scanner"]),
            data=chance.choice(
                [
                    {"user_agent_parsed": {"agent_family": "Firefox", "os_family": "Linux"}},
                    {"user_agent_parsed": {"agent_family": "Firefox"}, "geo_ip": {"country": "PT"}},
                    {"user_agent_parsed": {"agent_family": "<b>", "device_family": "iPhone"}},
                    {},
                ]
            ),
        )
        for _ in range(400)
    ]


def is_click(event: Event) -> bool:
    return event.type in ("click", "amp_click")


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Asia/Kolkata", "UTC"])
@pytest.mark.parametrize("people_only", [False, True])
def test_the_week_is_that_of_the_events(zone: str, people_only: bool) -> None:
    events = hits(1)
    record(events)
    local = ZoneInfo(zone)
    window = Window(NOW - timedelta(days=17, minutes=41), NOON + timedelta(minutes=45), local)
    slots: dict[tuple[datetime, bool], set[int]] = defaultdict(set)
    clicks: Counter[tuple[int, int]] = Counter()
    for event in events:
        if window.start <= event.happened_at < window.end and not (people_only and event.traffic == "scanner"):
            hour = event.happened_at.astimezone(local).replace(minute=0, second=0, microsecond=0)
            slots[hour, False].add(event.message)
            if is_click(event):
                slots[hour, True].add(event.message)
                clicks[hour.weekday(), hour.hour] += 1
    week = habits.week(window, Filters((), people_only), NOW)
    for day in range(7):
        for hour in range(24):
            opened, clicked = (
                sum(
                    len(messages)
                    for (start, of_clicks), messages in slots.items()
                    if (start.weekday(), start.hour, of_clicks) == (day, hour, which)
                )
                for which in (False, True)
            )
            assert week[day][hour] == habits.Hits(opened, clicked, clicks[day, hour]), (day, hour)


def test_breakdowns_are_those_of_the_events() -> None:
    events = hits(2)
    record(events)
    window = Window(NOW - timedelta(days=10), NOON + timedelta(minutes=45))
    found = habits.breakdowns(window, Filters(), NOW)

    def expected(name: Any) -> dict[str, habits.Hits]:
        groups: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            if window.start <= event.happened_at < window.end:
                groups[name(event)].append(event)
        return {
            value: habits.Hits(
                len({event.message for event in group}),
                len({event.message for event in group if is_click(event)}),
                sum(map(is_click, group)),
            )
            for value, group in groups.items()
        }

    assert found == {
        "Client": expected(lambda event: event.data.get("user_agent_parsed", {}).get("agent_family", "")),
        "System": expected(lambda event: event.data.get("user_agent_parsed", {}).get("os_family", "")),
        "Device": expected(lambda event: event.data.get("user_agent_parsed", {}).get("device_family", "")),
        "Country": expected(lambda event: event.data.get("geo_ip", {}).get("country", "")),
        "Domain": expected(lambda event: event.recipient_domain),
    }


def test_the_page_of_habits(browser: Client) -> None:
    record(hits(3))
    browser.cookies["momentum_zone"] = "Europe%2FBerlin"
    response = browser.get(HABITS, QUERY_STRING="period=14d&hits=people")
    html = response.content.decode()
    assert response.status_code == 200
    assert html.count("<td data-shade=") == 2 * 7 * 24
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    assert "Unknown" in html
    assert browser.get(f"{HABITS}figures/", QUERY_STRING="period=14d").status_code == 200
    week = browser.get(f"{HABITS}week.csv", QUERY_STRING="period=14d")
    rows = list(csv.reader(io.StringIO(b"".join(week.streaming_content).decode("utf-8-sig"))))  # type: ignore[arg-type]
    assert len(rows) == 1 + 7 * 24
    assert rows[1][:2] == ["Mon", "00:00"]
    breakdowns = browser.get(f"{HABITS}breakdowns.csv", QUERY_STRING="period=14d")
    assert b"Country,PT," in b"".join(breakdowns.streaming_content)  # type: ignore[arg-type]


def test_nothing_at_all_and_nonsense(browser: Client) -> None:
    for address in (HABITS, COMPARISON):
        for query in ("", "period=custom&from=x", "campaigns=%00&templates=none", "sort=-&page=9"):
            assert browser.get(address, QUERY_STRING=query).status_code == 200
    assert "Nothing to compare" in browser.get(COMPARISON).content.decode()
    stranger = Client()
    stranger.force_login(User.objects.create_user("nobody", password="x", is_staff=True))
    for address in (HABITS, COMPARISON, f"{COMPARISON}compared.csv", f"{HABITS}week.csv"):
        assert stranger.get(address).status_code == 403


def campaign(
    name: str, first_number: int, sent: datetime, opened_after: list[timedelta], **changes: Any
) -> list[Event]:
    """Ten messages, all accepted, and one opened after each of these times."""
    numbers = range(first_number, first_number + 10)
    common = {"campaign_id": name, **changes}
    return [
        *(make_event(message=number, happened_at=sent, **common) for number in numbers),
        *(make_event(message=number, happened_at=sent, type=EventType.DELIVERY, **common) for number in numbers),
        *(
            make_event(message=number, happened_at=sent + after, type=EventType.OPEN, **common)
            for number, after in zip(numbers, opened_after, strict=False)
        ),
    ]


def test_campaigns_stand_side_by_side_from_the_hour_in_which_they_were_sent(browser: Client) -> None:
    hour, minute = timedelta(hours=1), timedelta(minutes=1)
    early, late = NOON - 50 * hour, NOON - 5 * hour
    record(campaign("early", 1, early, [5 * minute, 10 * minute, 3 * hour + minute]))
    record(campaign("late", 21, late, [minute, 2 * hour + minute, 2 * hour + minute, 4 * hour + minute]))
    record(campaign("late", 31, late, [minute], recipient_domain="other.test"))
    response = browser.get(COMPARISON, QUERY_STRING="period=7d&campaigns=late&campaigns=early&domains=example.net")
    rows = response.context["rows"]
    assert [(row["name"], [bar["count"] for bar in row["bars"]]) for row in rows] == [
        ("late", ["10", "10", "4", "0"]),
        ("early", ["10", "10", "3", "0"]),
    ]
    assert rows[0]["rates"][0] == {"label": "Opened", "value": "40%", "interval": "16.8% – 68.7%"}
    assert "campaigns=late" in rows[0]["query"]
    assert "campaigns=early" not in rows[0]["query"]
    graph = json.loads(response.context["graph_data"])
    assert graph["labels"][:3] == ["1 h", "2 h", "3 h"]
    lines = {line["name"]: line["values"] for line in graph["graphs"][0]["lines"]}
    assert lines["early"][:5] == [20, 20, 20, 30, 30]
    # It is half past twelve: the sixth hour has begun, the seventh has not.
    assert lines["late"][:7] == [10, 10, 30, 30, 40, 40, None]
    assert len(lines["early"]) == len(lines["late"]) == 51


def test_without_a_choice_the_largest_are_compared_and_never_more_than_five(browser: Client) -> None:
    for number in range(7):
        record(make_event(message=100 * number + index, campaign_id=f"c{number}") for index in range(number + 1))
    response = browser.get(COMPARISON, QUERY_STRING="period=24h")
    assert [row["name"] for row in response.context["rows"]] == ["c6", "c5", "c4", "c3", "c2"]
    query = "period=24h&" + "&".join(f"campaigns=c{number}" for number in range(7))
    chosen = browser.get(COMPARISON, QUERY_STRING=query)
    assert [row["name"] for row in chosen.context["rows"]] == ["c0", "c1", "c2", "c3", "c4"]
    assert "2 left out" in chosen.content.decode()


def test_templates_are_compared_where_no_campaign_is_chosen(browser: Client) -> None:
    record([make_event(message=1, template_id="=a"), make_event(message=2, template_id="b")])
    response = browser.get(COMPARISON, QUERY_STRING="templates=%3Da&templates=b&templates=none")
    assert [(row["name"], row["bars"][0]["count"]) for row in response.context["rows"]] == [
        ("=a", "1"),
        ("b", "1"),
        ("none", "0"),
    ]
    saved = browser.get(f"{COMPARISON}compared.csv", QUERY_STRING="templates=%3Da&templates=b")
    rows = list(csv.reader(io.StringIO(b"".join(saved.streaming_content).decode("utf-8-sig"))))  # type: ignore[arg-type]
    assert rows[1] == ["'=a", "1", "0", "0", "0", "0.00", "N/A", "N/A", "0.00", "N/A", "N/A"]
