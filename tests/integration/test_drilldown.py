"""From figures to recipients and to one message's story, against sets made by hand."""

import csv
import io
import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from momentum.lib import clock
from reports.drilldown import members, people
from reports.drilldown.audience import Audience, Who
from reports.periods import Window
from reports.questions import Filters, equal
from tests.integration.report_events import NOON, make_event, record, worked_example
from tracking.events import Event, EventType

pytestmark = pytest.mark.django_db(transaction=True)

RECIPIENTS = "/admin/reports/recipients/"
NOW = NOON + timedelta(minutes=30, seconds=5)
OPENS, CLICKS = {"open", "initial_open"}, {"click"}


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)
    members.forget()


@pytest.fixture
def browser() -> Client:
    user = User.objects.create_user("mara", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_reports"))
    client = Client()
    client.force_login(user)
    return client


def page(browser: Client, where: str = RECIPIENTS, /, **query: Any) -> Any:
    response = browser.get(where, QUERY_STRING=urlencode(query, doseq=True))
    assert response.status_code == 200, response.content
    return response


def addresses(response: Any) -> list[str]:
    return [row["recipient"].address for row in response.context["rows"]]


def history(seed: int) -> list[Event]:
    """A few hundred messages that meet everything that can happen to one, around both ends of the last hour."""
    chance = random.Random(seed)
    events = []
    for number in range(1, 300):
        common = {
            "message": number,
            "rcpt_to": f"r{number}@example.net",
            "campaign_id": chance.choice(["spring", "autumn"]),
            "recipient_domain": chance.choice(["x.test", "y.test"]),
        }

        def some_time() -> Any:
            return NOW - timedelta(seconds=chance.randrange(1, 3 * 3600))

        if chance.random() < 0.1:
            events.append(make_event(**common, type=EventType.GENERATION_FAILURE, happened_at=some_time()))
            continue
        events.append(make_event(**common, happened_at=some_time()))
        if chance.random() < 0.8:
            events.append(make_event(**common, type=EventType.DELIVERY, happened_at=some_time()))
        if chance.random() < 0.1:
            bounce_class = chance.choice([10, 25])
            events.append(
                make_event(**common, type=EventType.OUT_OF_BAND, happened_at=some_time(), bounce_class=bounce_class)
            )
        for _ in range(chance.choice([0, 0, 1, 3])):
            kind = chance.choice([EventType.OPEN, EventType.INITIAL_OPEN, EventType.CLICK, EventType.CLICK])
            label = chance.choice(["top", "bottom"]) if kind is EventType.CLICK else ""
            part = chance.choice(["html", "text"])
            events.append(
                make_event(
                    **common,
                    type=kind,
                    happened_at=some_time(),
                    link_label=label,
                    traffic=chance.choice(["human", "scanner", "unknown"]),
                    data={"link": {"part": part, "position": 1}} if label else {},
                )
            )
    return events


def by_hand(events: list[Event], window: Window, campaign: str, people_only: bool) -> dict[Audience, set[int]]:
    seen = [
        event
        for event in events
        if window.start <= event.happened_at < window.end
        and campaign in ("", event.campaign_id)
        and not (people_only and event.type in OPENS | CLICKS and event.traffic in ("scanner", "prefetch"))
    ]

    def having(*types: str, link: str = "", part: str = "") -> set[int]:
        return {
            event.message
            for event in seen
            if event.type in types
            and link in ("", event.link_label)
            and part in ("", event.data.get("link", {}).get("part", ""))
        }

    sent_back = {event.message for event in seen if event.type == "out_of_band" and event.bounce_class != 25}
    targeted, accepted = having("injection", "generation_failure"), having("delivery") - sent_back
    opened, clicked = having(*OPENS, *CLICKS), having(*CLICKS)
    return {
        Audience(Who.TARGETED): targeted,
        Audience(Who.ACCEPTED): accepted,
        Audience(Who.NOT_ACCEPTED): targeted - accepted,
        Audience(Who.OPENED): opened,
        Audience(Who.NOT_OPENED): accepted - opened,
        Audience(Who.CLICKED): clicked,
        Audience(Who.NOT_CLICKED): opened - clicked,
        Audience(Who.CLICKED, "top"): having("click", link="top"),
        Audience(Who.NOT_CLICKED, "top"): opened - having("click", link="top"),
        Audience(Who.CLICKED, "top", "text"): having("click", link="top", part="text"),
        Audience(Who.NOT_CLICKED, "top", "text"): opened - having("click", link="top", part="text"),
        Audience(Who.CLICKED, "nowhere"): set(),
    }


@pytest.mark.parametrize("seed", range(4))
def test_every_audience_is_the_set_made_by_hand(seed: int) -> None:
    events = history(seed)
    record(events)
    windows = (
        Window(NOON - timedelta(hours=1), NOON + timedelta(minutes=45)),
        Window(NOON - timedelta(minutes=67, seconds=3), NOON + timedelta(minutes=8, seconds=1)),
    )
    for window in windows:
        for campaign in ("", "spring"):
            for people_only in (False, True):
                groups = (equal("campaign_id", (campaign,)),) if campaign else ()
                for chosen, expected in by_hand(events, window, campaign, people_only).items():
                    found = set(members.of(chosen, window, Filters(groups, people_only)))
                    assert found == expected, (chosen, window, campaign, people_only)


def test_a_set_that_grows_is_seen_to_grow() -> None:
    window = Window(NOON - timedelta(hours=1), NOON + timedelta(hours=1))
    record([make_event(message=1)])
    assert len(members.of(Audience(), window, Filters())) == 1
    record([make_event(message=2)])
    assert len(members.of(Audience(), window, Filters())) == 2


@pytest.mark.parametrize("count", [0, 1, 24, 25, 26, 50, 51, 75])
def test_pages_forward_and_back_show_everyone_once(count: int) -> None:
    numbers = sorted(random.Random(count).sample(range(1, 10_000), count))
    everyone = people.BitMap64(numbers)
    forward, seen, after = [], list[int](), 0
    while True:
        current = people.page(everyone, after, 25)
        assert current.first == len(seen) + 1
        forward.append(current)
        seen += current.messages
        if current.next is None:
            break
        after = current.next
    assert seen == numbers
    while current.previous is not None:
        forward.pop()
        current = people.page(everyone, current.previous, 25)
        assert current == forward[-1]
    assert current.first == 1


def test_the_page_lists_recipients_and_what_they_did(browser: Client) -> None:
    record(worked_example())
    response = page(browser, who="opened")
    assert response.context["count"] == "2"
    assert [(row["opens"], row["clicks"]) for row in response.context["rows"]] == [("3", "3"), ("0", "3")]
    assert b"/admin/reports/messages/1/" in response.content
    assert page(browser, who="not-opened").context["count"] == "0"
    assert page(browser, who="clicked", link="top").context["count"] == "2"
    assert page(browser, who="not-clicked", link="https://shop.example.com/sale").context["count"] == "1"
    assert page(browser, who="clicked", campaigns="other").context["count"] == "0"


def test_pages_keep_the_audience_the_filters_and_the_hits(browser: Client) -> None:
    record(
        make_event(message=number, type=EventType.CLICK, link_label="a&b=c", rcpt_to=f"r{number}@x.test")
        for number in range(1, 61)
    )
    query = {"who": "clicked", "link": "a&b=c", "campaigns": "spring", "hits": "people", "period": "24h"}
    first = page(browser, **query)
    assert addresses(first) == [f"r{number}@x.test" for number in range(1, 26)]
    second = browser.get(RECIPIENTS, QUERY_STRING=first.context["next_query"])
    assert addresses(second) == [f"r{number}@x.test" for number in range(26, 51)]
    assert b"26\xe2\x80\x9350 of 60" in second.content
    back = browser.get(RECIPIENTS, QUERY_STRING=second.context["previous_query"])
    assert addresses(back) == addresses(first)
    third = browser.get(RECIPIENTS, QUERY_STRING=second.context["next_query"])
    assert len(addresses(third)) == 10
    assert not third.context["has_next"]


def test_links_in_html_and_text_are_told_apart(browser: Client) -> None:
    def click(message: int, part: str) -> Event:
        return make_event(
            type=EventType.CLICK, link_label="top", message=message, data={"link": {"part": part, "position": 1}}
        )

    old = make_event(type=EventType.CLICK, link_label="top", message=9)
    record([click(1, "html"), click(1, "html"), click(1, "text"), click(2, "text"), old])
    response = page(browser, who="clicked", link="top")
    shown = [(part["label"], part["clicks"], part["messages"]) for part in response.context["parts"]]
    assert shown == [("Not recorded", "1", "1"), ("HTML", "2", "1"), ("Text", "2", "2")]
    assert page(browser, who="clicked", link="top", part="html").context["count"] == "1"
    assert page(browser, who="not-clicked", link="top", part="html").context["count"] == "2"


def saved(browser: Client, **query: Any) -> list[list[str]]:
    response = browser.get(f"{RECIPIENTS}recipients.csv", QUERY_STRING=urlencode(query))
    assert response.status_code == 200
    content = b"".join(response.streaming_content)  # type: ignore[arg-type]
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_file_holds_everyone_and_no_formula(browser: Client) -> None:
    record(make_event(message=number, rcpt_to=f"r{number}@x.test") for number in range(1, 2101))
    record(
        [
            make_event(
                message=3000,
                rcpt_to="=1+1@x.test",
                subject_campaign='@SUM("a"),\r\nb',
                campaign_id="-2",
                data={"raw_rcpt_to": "=1+1@X.test", "rcpt_meta": {"a": "ä"}, "rcpt_tags": ["t"]},
            )
        ]
    )
    rows = saved(browser, who="targeted")
    assert rows[0][0] == "Address"
    assert [row[0] for row in rows[1:-1]] == [f"r{number}@x.test" for number in range(1, 2101)]
    sent = "2031-05-01T12:00:00Z"
    assert rows[-1] == ["'=1+1@X.test", "", "'-2", "", '\'@SUM("a"),\r\nb', sent, '{"a":"ä"}', "t"]


def story() -> list[Event]:
    agent = {"agent_family": "Firefox", "os_family": "Linux", "device_family": "Other"}
    base: dict[str, Any] = {"message": 7, "rcpt_to": "ines@example.net", "subject_campaign": "News <b>"}

    def at(minutes: int, **fields: Any) -> Event:
        return make_event(**base, happened_at=NOON + timedelta(minutes=minutes), **fields)

    return [
        at(0),
        at(1, type=EventType.DELAY, bounce_class=70, data={"raw_reason": "450 4.2.0 <script>later"}),
        at(20, type=EventType.DELIVERY, num_retries=1, queue_time=1_200_000, data={"ip_address": "192.0.2.1"}),
        at(
            21,
            type=EventType.CLICK,
            link_label="top",
            traffic="scanner",
            data={
                "target_link_url": "https://shop.test/",
                "link": {"part": "html", "position": 2},
                "user_agent_parsed": agent,
                "geo_ip": {"country": "PT", "city": "Faro"},
                "traffic": {"class": "scanner", "reasons": ["burst"], "rules": 1},
            },
        ),
    ]


def test_a_timeline_tells_everything_in_either_order(browser: Client) -> None:
    record(story())
    response = page(browser, "/admin/reports/messages/7/")
    assert [shown["name"] for shown in response.context["events"]] == ["Click", "Delivery", "Delay", "Injection"]
    click, delivery, delay, _ = response.context["events"]
    said = {detail.label: detail.value for detail in click["details"]}
    assert said == {
        "Link": "top",
        "Leads to": "https://shop.test/",
        "In the message": "HTML part, link 2",
        "Client": "Firefox · Linux",
        "Read in": "Faro, PT",
    }
    assert (click["traffic"], click["reasons"]) == ("Scanner", "many links at once")
    said = {detail.label: detail.value for detail in delivery["details"]}
    assert said == {"Attempt": "2", "Since injection": "20.0 min", "Server": "192.0.2.1"}
    assert delay["details"][0].value == "450 4.2.0 <script>later"
    html = response.content.decode()
    assert "<script>later" not in html
    assert "News &lt;b&gt;" in html
    oldest = page(browser, "/admin/reports/messages/7/", order="oldest", hits="people")
    assert [shown["name"] for shown in oldest.context["events"]] == ["Injection", "Delay", "Delivery"]


def test_a_long_timeline_goes_on(browser: Client) -> None:
    record(make_event(message=7, type=EventType.OPEN) for _ in range(150))
    record(
        [make_event(message=7, type=EventType.OPEN, happened_at=NOON + timedelta(seconds=1)) for _ in range(101)]
    )
    seen: list[Any] = []
    query = ""
    for _ in range(3):
        response = browser.get("/admin/reports/messages/7/", QUERY_STRING=query)
        seen += [shown["event"].event_id for shown in response.context["events"]]
        query = response.context["next_query"]
    assert len(set(seen)) == len(seen) == 251
    assert query == ""


def test_all_messages_to_one_address(browser: Client) -> None:
    record(story())
    record(
        [
            make_event(message=8, rcpt_to="ines@example.net", happened_at=NOON + timedelta(minutes=25)),
            make_event(message=9, rcpt_to="other@example.net"),
        ]
    )
    response = page(browser, "/admin/reports/events/", address=" Ines@Example.net ")
    assert [shown["event"].message for shown in response.context["events"]] == [8, 7, 7, 7, 7]
    assert page(browser, "/admin/reports/events/").context["events"] == []


def test_addresses_that_make_no_sense_are_never_an_error(browser: Client) -> None:
    record(worked_example())
    for query in (
        "who=%00&after=x&link=%00&part=z&size=7",
        "who=clicked&after=-1&link=",
        "who=accepted&after=999999999999999&period=custom&from=x",
        "who=accepted&after=99999999999999999999999999",
        "who=clicked&link=" + "x" * 9000,
    ):
        assert browser.get(RECIPIENTS, QUERY_STRING=query).status_code == 200, query
    for after in ("x", "99999999999999999_" + "f" * 32, "-5_z", "1_" + "0" * 32, "%00"):
        assert browser.get("/admin/reports/messages/1/", QUERY_STRING=f"after={after}").status_code == 200
        assert browser.get("/admin/reports/events/", QUERY_STRING=f"address=%00&after={after}").status_code == 200
    assert browser.get("/admin/reports/messages/4711/").status_code == 404
    assert browser.get(f"/admin/reports/messages/{2**64}/").status_code == 404
    custom = "period=custom&from=2031-05-01T10:00&to=2031-05-01T10:00"
    assert b"The start must be before the end." in browser.get(RECIPIENTS, QUERY_STRING=custom).content
    assert browser.get(f"{RECIPIENTS}recipients.csv", QUERY_STRING=custom).status_code == 400


def test_the_pages_need_their_permission_and_only_read(browser: Client) -> None:
    record(worked_example())
    assert browser.post(RECIPIENTS).status_code == 405
    stranger = Client()
    assert stranger.get(RECIPIENTS).status_code == 302
    stranger.force_login(User.objects.create_user("nobody", password="x", is_staff=True))
    for address in (
        RECIPIENTS,
        f"{RECIPIENTS}recipients.csv",
        "/admin/reports/messages/1/",
        "/admin/reports/events/",
    ):
        assert stranger.get(address).status_code == 403


def test_the_report_leads_to_the_recipients(browser: Client) -> None:
    record(worked_example())
    html = browser.get("/admin/reports/engagement/", QUERY_STRING="campaigns=spring&hits=people").content.decode()
    doors: Iterator[str] = iter(part.split('"')[0] for part in html.split('href="/admin/reports/recipients/?')[1:])
    queries = [door.replace("&amp;", "&") for door in doors]
    assert "campaigns=spring&hits=people&who=not-clicked" in queries
    assert "campaigns=spring&hits=people&who=clicked&link=top" in queries
    for query in queries:
        assert browser.get(RECIPIENTS, QUERY_STRING=query).status_code == 200
