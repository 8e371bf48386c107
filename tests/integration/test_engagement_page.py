"""The Engagement page as a browser without scripts sees it."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from django.contrib.auth.models import User
from django.test import Client

from momentum.lib import clock
from tests.integration.report_events import NOON, make_event, record, worked_example
from tests.integration.report_pages import signed_in, table
from tracking.events import Event, EventType

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/admin/reports/engagement/"
NOW = NOON + timedelta(minutes=30, seconds=5)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def browser() -> Client:
    return signed_in()


def shown(browser: Client, query: str = "") -> str:
    response = browser.get(PAGE, QUERY_STRING=query)
    assert response.status_code == 200
    return response.content.decode()


def test_the_worked_example(browser: Client) -> None:
    record(worked_example())
    html = shown(browser)
    assert [row[:3] for row in table(html, "funnel-table")] == [
        ["Targeted", "3", "100%"],
        ["Accepted", "2", "66.7%"],
        ["Unique Confirmed Opens", "2", "66.7%"],
        ["Unique Clicks", "2", "66.7%"],
    ]
    assert table(html, "links-table") == [
        ["top", "2", "4", "66.7%"],
        ["https://shop.example.com/saleunnamed", "1", "2", "33.3%"],
    ]
    assert "100% of accepted mail opened, 100% clicked" in html


def test_nothing_at_all_shows_zeros_and_no_error(browser: Client) -> None:
    html = shown(browser)
    assert [row[1:3] for row in table(html, "funnel-table")] == [["0", "0%"]] * 4
    assert table(html, "links-table") == [["No clicks to report"]]


def test_the_page_needs_its_permission() -> None:
    client = Client()
    assert client.get(PAGE).status_code == 302
    client.force_login(User.objects.create_user("nobody", password="x", is_staff=True))
    for address in (PAGE, f"{PAGE}figures/", f"{PAGE}links.csv", f"{PAGE}suggestions/"):
        assert client.get(address).status_code == 403


def test_it_only_reads(browser: Client) -> None:
    assert browser.post(PAGE).status_code == 405


# Periods


def test_a_preset_begins_at_a_full_hour_and_reaches_the_present(browser: Client) -> None:
    record(
        [
            make_event(message=1, happened_at=NOW - timedelta(seconds=1)),
            make_event(message=2, happened_at=NOON - timedelta(hours=1)),
            make_event(message=3, happened_at=NOON - timedelta(hours=1, seconds=1)),
        ]
    )
    html = shown(browser)
    assert table(html, "funnel-table")[0][1] == "2"
    assert "May 1, 2031, 11:00 +00:00" in html
    assert "now" in html
    assert table(shown(browser, "period=24h"), "funnel-table")[0][1] == "3"


def test_full_hours_are_those_of_the_readers_zone(browser: Client) -> None:
    browser.cookies["momentum_zone"] = "Asia%2FKolkata"
    html = shown(browser)
    # 11:30 UTC is 17:00 in Kolkata, the last full hour an hour before 18:00.
    assert "May 1, 2031, 17:00 +05:30" in html
    assert "Asia/Kolkata" in html


@pytest.mark.parametrize("period", ["24h", "7d", "10d", "14d", "30d", "90d"])
def test_every_preset(browser: Client, period: str) -> None:
    record(worked_example())
    assert table(shown(browser, f"period={period}"), "funnel-table")[0][1] == "3"


def test_the_end_of_a_custom_range_is_exclusive(browser: Client) -> None:
    record([make_event(happened_at=NOON), make_event(happened_at=NOON + timedelta(minutes=10))])
    html = shown(browser, "period=custom&from=2031-05-01T14:00&to=2031-05-01T14:10&timezone=Europe/Berlin")
    assert table(html, "funnel-table")[0][1] == "1"
    assert "May 1, 2031, 14:10 +02:00" in html


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("from=2031-05-01T10:00&to=2031-05-01T10:00", "The start must be before the end."),
        ("from=2031-05-01T10:00&to=2031-05-01T09:00", "The start must be before the end."),
        ("from=2031-05-01T10:00", "Choose a start and an end."),
        ("from=never&to=2031-05-01T10:00", "Choose a start and an end."),
        ("from=2031-06-01T10:00&to=2031-06-02T10:00", "The period has not begun yet."),
    ],
)
def test_a_custom_range_that_makes_no_sense_is_an_error(browser: Client, query: str, complaint: str) -> None:
    html = shown(browser, f"period=custom&{query}")
    assert complaint in html
    assert 'id="links-table"' not in html
    assert browser.get(f"{PAGE}figures/", QUERY_STRING=f"period=custom&{query}").status_code == 200
    assert browser.get(f"{PAGE}links.csv", QUERY_STRING=f"period=custom&{query}").status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "period=x&sort=y&page=-1&size=7&hits=z&timezone=Nowhere/Land",
        "page=999999999999&size=%00&campaigns=%00&domains=" + "x" * 2000,
        "from=%F0%9F%8E%89&to=%00&period=custom&timezone=../../etc/passwd",
        "sort=-&campaigns=&campaigns=+&search=%00%00%00%00",
    ],
)
def test_an_address_that_makes_no_sense_is_never_an_error(browser: Client, query: str) -> None:
    for address in (PAGE, f"{PAGE}figures/", f"{PAGE}suggestions/"):
        assert browser.get(address, QUERY_STRING=query).status_code == 200


# Filters


def hrefs(html: str, pattern: str) -> list[str]:
    return [found.replace("&amp;", "&") for found in re.findall(pattern, html)]


def test_filters_add_up_and_go_away_one_by_one(browser: Client) -> None:
    record(
        [
            make_event(message=1, campaign_id="a|b,c", recipient_domain="x.test"),
            make_event(message=2, campaign_id="d", recipient_domain="x.test"),
            make_event(message=3, campaign_id="d", recipient_domain="y.test"),
            make_event(message=4, campaign_id="e", recipient_domain="x.test"),
        ]
    )
    query = urlencode({"campaigns": ["a|b,c", "d"], "domains": "x.test"}, doseq=True)
    html = shown(browser, query)
    assert table(html, "funnel-table")[0][1] == "2"
    remaining = [parse_qs(href) for href in hrefs(html, r'href="\?([^"]*)" aria-label="Remove the filter')]
    assert remaining == [
        {"campaigns": ["d"], "domains": ["x.test"]},
        {"campaigns": ["a|b,c"], "domains": ["x.test"]},
        {"campaigns": ["a|b,c", "d"]},
    ]


def test_a_filter_without_data_shows_zeros_and_stays(browser: Client) -> None:
    record(worked_example())
    html = shown(browser, urlencode({"campaigns": '<b>"none"</b>'}))
    assert table(html, "funnel-table")[0][1] == "0"
    assert "&lt;b&gt;&quot;none&quot;&lt;/b&gt;" in html
    assert "<b>" not in html


def test_every_filter_of_the_other_reports_holds_here_too(browser: Client) -> None:
    record(worked_example())
    for kind in ("sending_domains", "sending_ips", "ip_pools", "mailbox_providers", "subject_campaigns"):
        html = shown(browser, f"{kind}=other")
        assert table(html, "funnel-table")[0][1] == "0", kind


def test_suggestions_begin_at_three_letters_and_add_to_the_filters(browser: Client) -> None:
    record([make_event(campaign_id="Spring <i>", recipient_domain="spring.test", template_id="t-spring")])

    def suggested(typed: str) -> str:
        query = urlencode({"search": typed, "campaigns": "autumn", "period": "7d"})
        return browser.get(f"{PAGE}suggestions/", QUERY_STRING=query).content.decode()

    assert "<li>" not in suggested("sp")
    html = suggested("SPR")
    assert [parse_qs(href) for href in hrefs(html, r'href="/admin/reports/engagement/\?([^"]*)"')] == [
        {"campaigns": ["autumn", "Spring <i>"], "period": ["7d"]},
        {"campaigns": ["autumn"], "domains": ["spring.test"], "period": ["7d"]},
        {"campaigns": ["autumn"], "templates": ["t-spring"], "period": ["7d"]},
    ]
    assert "<i>" not in html
    assert "Nothing found" in suggested("nowhere")


def test_hits_of_machines_can_be_left_out(browser: Client) -> None:
    record(
        [
            make_event(type=EventType.INITIAL_OPEN, message=1, traffic="prefetch"),
            make_event(type=EventType.CLICK, message=2, link_label="top", traffic="scanner"),
            make_event(type=EventType.CLICK, message=3, link_label="top", traffic="human"),
        ]
    )
    assert [row[1] for row in table(shown(browser), "funnel-table")[2:]] == ["3", "2"]
    html = shown(browser, "hits=people")
    assert [row[1] for row in table(html, "funnel-table")[2:]] == ["1", "1"]
    assert table(html, "links-table") == [["top", "1", "1", "100.0%"]]


# Links


def many_links(count: int) -> Iterator[Event]:
    for number in range(count):
        for message in range(number % 5 + 1):
            yield make_event(type=EventType.CLICK, message=message, link_label=f"link {number:05}")


def test_pages_of_links_and_the_remembered_size(browser: Client) -> None:
    record(many_links(60))
    html = shown(browser)
    rows = table(html, "links-table")
    assert len(rows) == 25
    assert rows[0] == ["link 00004", "5", "5", "2.8%"]
    assert "1–25 of 60" in html
    last = shown(browser, "page=99")
    assert len(table(last, "links-table")) == 10
    assert "51–60 of 60" in last
    assert len(table(shown(browser, "size=50"), "links-table")) == 50
    assert len(table(shown(browser), "links-table")) == 50
    assert len(table(shown(browser, "size=25"), "links-table")) == 25


@pytest.mark.parametrize(
    ("sort", "names"),
    [
        ("name", ["a", "B", "c"]),
        ("-name", ["c", "B", "a"]),
        ("raw", ["B", "a", "c"]),
        ("-raw", ["c", "a", "B"]),
        ("clicks", ["a", "c", "B"]),
        ("-clicks", ["B", "c", "a"]),
        ("-total", ["B", "c", "a"]),
    ],
)
def test_every_column_sorts_both_ways(browser: Client, sort: str, names: list[str]) -> None:
    record(
        [
            *(make_event(type=EventType.CLICK, message=number, link_label="a") for number in (1, 2)),
            *(make_event(type=EventType.CLICK, message=1, link_label="B") for _ in range(9)),
            *(make_event(type=EventType.CLICK, message=number, link_label="c") for number in (1, 2, 3)),
        ]
    )
    html = shown(browser, f"sort={sort}")
    assert [row[0] for row in table(html, "links-table")] == names
    direction = "descending" if sort.startswith("-") else "ascending"
    assert len(re.findall(f'aria-sort="{direction}"', html)) == 1


def test_names_are_escaped_and_kept_whole_for_hovering(browser: Client) -> None:
    hostile = '<script>alert("1")</script>' + "x" * 500
    record([make_event(type=EventType.CLICK, link_label=hostile)])
    html = shown(browser)
    assert "<script>alert" not in html
    assert f'title="&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;{"x" * 500}"' in html


def test_the_estimates_of_the_original_can_be_marked(browser: Client, settings: Any) -> None:
    record(worked_example())
    assert "(approx.)" not in shown(browser)
    settings.REPORTS_APPROXIMATE_LABELS = True
    html = shown(browser)
    assert "Raw Clicks (approx.)" in html
    assert "Unique Clicks (approx.)" in html
    assert "Clicks (approx.) (approx.)" not in html


def test_figures_follow_the_language_of_the_browser(browser: Client) -> None:
    record([make_event(message=number) for number in range(1234)])
    record([make_event(message=number, type=EventType.DELIVERY) for number in range(1000)])
    german = browser.get(PAGE, headers={"Accept-Language": "de-DE,de;q=0.9"}).content.decode()
    assert [row[1:3] for row in table(german, "funnel-table")[:2]] == [
        ["1.234", "100\u00a0%"],
        ["1.000", "81\u00a0%"],
    ]
    assert "1. Mai 2031, 11:00" in german
    english = browser.get(PAGE, headers={"Accept-Language": "en-GB"}).content.decode()
    assert table(english, "funnel-table")[0][1] == "1,234"


# CSV


def saved(browser: Client, query: str = "") -> tuple[str, list[list[str]]]:
    response = browser.get(f"{PAGE}links.csv", QUERY_STRING=query)
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    text = response.getvalue().decode()
    assert text.startswith("\ufeff")
    assert text.endswith("\r\n")
    return response["Content-Disposition"], list(csv.reader(io.StringIO(text[1:], newline="")))


def test_csv_holds_all_pages_in_the_current_order(browser: Client) -> None:
    record(many_links(60))
    name, rows = saved(browser, "sort=name&page=2")
    assert name == 'attachment; filename="engagement-20310501T1100-20310501T1231.csv"'
    assert rows[0] == ["Name", "Raw Clicks", "Clicks", "Total"]
    assert [row[0] for row in rows[1:]] == [f"link {number:05}" for number in range(60)]
    assert rows[1][1:] == ["1", "1", "0.56"]


def test_csv_quotes_and_defuses(browser: Client) -> None:
    labels = ['=HYPERLINK("http://x")', "+1", "-1", "@a", 'say "hi", you', "two\nlines", "plain"]
    record([make_event(type=EventType.CLICK, link_label=label) for label in labels])
    _, rows = saved(browser)
    assert sorted(row[0] for row in rows[1:]) == sorted(
        ['\'=HYPERLINK("http://x")', "'+1", "'-1", "'@a", 'say "hi", you', "two\nlines", "plain"]
    )


# Live figures


def test_figures_are_sent_only_when_they_have_changed(browser: Client) -> None:
    record(worked_example())
    seen = re.search(r'name="seen" value="([^"]*)"', shown(browser, "campaigns=spring"))
    assert seen is not None

    def figures(version: str) -> tuple[int, str]:
        response = browser.get(f"{PAGE}figures/", QUERY_STRING=f"campaigns=spring&seen={version}")
        return response.status_code, response.content.decode()

    assert figures(seen[1]) == (204, "")
    record([make_event(type=EventType.CLICK, message=9, link_label="top")])
    status, html = figures(seen[1])
    assert status == 200
    assert table(html, "funnel-table")[3][1] == "3"
    assert table(html, "links-table")[0][:3] == ["top", "3", "5"]


def test_figures_change_when_the_hour_does(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    record(worked_example())
    seen = re.search(r'name="seen" value="([^"]*)"', shown(browser))
    assert seen is not None
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(hours=2))
    response = browser.get(f"{PAGE}figures/", QUERY_STRING=f"seen={seen[1]}")
    assert table(response.content.decode(), "funnel-table")[0][1] == "0"
