"""What all report pages have in common, and what Bounces, Rejections, Accepted and Delayed show."""

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
from tests.integration.report_pages import heads, saved, signed_in, table
from tracking.events import Event, EventType

pytestmark = pytest.mark.django_db(transaction=True)

NOW = NOON + timedelta(minutes=30, seconds=5)
NAMES = ("summary", "bounces", "rejections", "accepted", "delayed", "engagement")
TABLES = {
    "summary": ("table",),
    "bounces": ("reasons", "classifications"),
    "rejections": ("reasons",),
    "accepted": ("attempts",),
    "delayed": ("reasons",),
    "engagement": ("links",),
}
HOSTILE = '<script>alert("1")</script>'


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def browser() -> Client:
    return signed_in()


def page(name: str) -> str:
    return f"/admin/reports/{name}/"


def shown(browser: Client, name: str, query: str = "") -> str:
    response = browser.get(page(name), QUERY_STRING=query)
    assert response.status_code == 200
    return response.content.decode()


def addresses(name: str) -> list[str]:
    files = [f"{page(name)}{key}.csv" for key in TABLES[name]]
    return [page(name), f"{page(name)}figures/", f"{page(name)}suggestions/", *files]


# The worked example of contract 80 §12


def test_the_worked_example_on_summary(browser: Client) -> None:
    record(worked_example())
    html = shown(browser, "summary")
    assert heads(html) == {
        "count_targeted": "3",
        "count_rendered": "1",
        "count_accepted": "2",
        "count_bounce": "0",
    }
    assert table(html, "table-table") == [["example.net", "3", "1", "2", "0"]]


def test_the_worked_example_on_the_others(browser: Client) -> None:
    record(worked_example())
    bounces = shown(browser, "bounces")
    assert list(heads(bounces).values()) == ["3", "2", "0", "0%"]
    assert [row[0:1] + row[2:4] for row in table(bounces, "categories")] == [
        ["Block", "0", "0%"],
        ["Hard", "0", "0%"],
        ["Admin", "1", "33.3%"],
        ["Soft", "0", "0%"],
        ["Undetermined", "0", "0%"],
    ]
    rejections = shown(browser, "rejections")
    assert list(heads(rejections).values()) == ["3", "2", "1", "33.3%"]
    suppressed = "554 5.7.1 recipient address suppressed due to customer policy"
    assert table(rejections, "reasons-table") == [[suppressed, "Generation Rejection", "1"]]
    accepted = shown(browser, "accepted")
    assert list(heads(accepted).values()) == ["3", "2", "2", "66.7%", "40 ms", "9,000 ms 9.0 s", "1,000 B"]
    assert [row[0:1] + row[2:] for row in table(accepted, "bars")] == [
        ["1st", "1", "50%"],
        ["2nd–5th", "1", "50%"],
        ["6th–9th", "0", "0%"],
        ["10+", "0", "0%"],
    ]
    delayed = shown(browser, "delayed")
    assert list(heads(delayed).values()) == ["2", "1", "1", "50%"]
    assert table(delayed, "reasons-table") == [["450 4.2.0 try later", "1", "1", "50.0%"]]


# What they have in common


@pytest.mark.parametrize("name", NAMES)
def test_nothing_at_all_shows_zeros_and_no_error(browser: Client, name: str) -> None:
    for address in addresses(name):
        assert browser.get(address).status_code == 200, address
    html = shown(browser, name)
    assert set(heads(html).values()) <= {"0", "0%", "0\u00a0ms", "0 ms", "0\u00a0B", "0 B"}
    assert "N/A" not in html


@pytest.mark.parametrize("name", NAMES)
def test_every_page_needs_its_permission(name: str) -> None:
    client = Client()
    assert client.get(page(name)).status_code == 302
    client.force_login(User.objects.create_user("nobody", password="x", is_staff=True))
    for address in addresses(name):
        assert client.get(address).status_code == 403, address


@pytest.mark.parametrize("name", NAMES)
def test_pages_only_read(browser: Client, name: str) -> None:
    for address in addresses(name):
        assert browser.post(address).status_code == 405, address


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "query",
    [
        "period=x&sort=y&page=-1&size=7&hits=z&timezone=Nowhere/Land&open=x&inner=-&scale=9&tab=../&compare=yes",
        "page=999999999999&size=%00&campaigns=%00&domains=" + "x" * 2000,
        "metrics=%00&metrics=__class__&metrics=count_nothing&category=%00&class=x&open=%00&inner=%00&tab=%00",
        "from=%F0%9F%8E%89&to=%00&period=custom&timezone=../../etc/passwd",
        "period=custom&from=1970-01-01&to=9997-12-31&compare=previous&scale=log",
    ],
)
def test_an_address_that_makes_no_sense_is_never_an_error(browser: Client, name: str, query: str) -> None:
    for address in addresses(name):
        assert browser.get(address, QUERY_STRING=query).status_code in (200, 400), address
    assert browser.get(page(name), QUERY_STRING=query).status_code == 200


@pytest.mark.parametrize("name", NAMES)
def test_a_range_without_length_is_an_error_in_the_page(browser: Client, name: str) -> None:
    query = "period=custom&from=2031-05-01T10:00&to=2031-05-01T10:00"
    html = shown(browser, name, query)
    assert html.count("The start must be before the end.") == 1
    assert browser.get(f"{page(name)}figures/", QUERY_STRING=query).status_code == 200
    for key in TABLES[name]:
        assert browser.get(f"{page(name)}{key}.csv", QUERY_STRING=query).status_code == 400


@pytest.mark.parametrize("name", NAMES)
def test_period_filters_and_zone_are_kept_when_the_report_changes(browser: Client, name: str) -> None:
    query = {
        "period": ["7d"],
        "timezone": ["Europe/Berlin"],
        "campaigns": ['a|b, "c" <d>'],
        "sending_ips": ["192.0.2.1"],
        "hits": ["people"],
        "metrics": ["count_clicked"],
    }
    html = shown(browser, name, urlencode({**query, "sort": "-name", "page": "3"}, doseq=True))
    menu = html[html.index('<nav class="rp-menu" aria-label="Reports">') :].partition("</nav>")[0]
    found = re.findall(r'<a href="/admin/reports/(\w+)/\?([^"]*)"', menu)
    assert [report for report, _ in found] == [*NAMES, "comparison", "habits"]
    for report, kept in found:
        if report != name:
            assert parse_qs(kept.replace("&amp;", "&")) == query


@pytest.mark.parametrize("name", NAMES)
def test_a_filter_without_data_shows_zeros_and_stays(browser: Client, name: str) -> None:
    record(worked_example())
    html = shown(browser, name, urlencode({"campaigns": HOSTILE}))
    assert set(heads(html).values()) <= {"0", "0%", "0 ms", "0 B"}
    assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;" in html
    assert "<script>alert" not in html


@pytest.mark.parametrize("name", NAMES)
def test_figures_are_sent_only_when_they_have_changed(browser: Client, name: str) -> None:
    record(worked_example())
    seen = re.search(r'name="seen" value="([^"]*)"', shown(browser, name))
    assert seen is not None
    address, query = f"{page(name)}figures/", f"seen={seen[1]}"
    assert browser.get(address, QUERY_STRING=query).status_code == 204
    record([make_event(type=EventType.INJECTION, message=9)])
    answer = browser.get(address, QUERY_STRING=query)
    assert answer.status_code == 200
    # Every part names an element of the page.
    whole = shown(browser, name)
    for identifier in re.findall(r'id="([\w-]+)" hx-swap-oob', answer.content.decode()):
        assert f'id="{identifier}"' in whole


@pytest.mark.parametrize("name", NAMES)
def test_pages_carry_a_policy_without_inline_scripts(browser: Client, name: str) -> None:
    record(worked_example())
    response = browser.get(page(name))
    directives = dict(part.strip().split(" ", 1) for part in response["Content-Security-Policy"].split(";"))
    assert directives["default-src"] == "'none'"
    assert "unsafe-inline" not in directives["script-src"]
    html = response.content.decode()
    assert re.findall(r"<script(?![^>]*\bsrc=)", html) == []
    assert re.findall(r"<[^>]*\son\w+=", html) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_menu_of_the_admin_has_every_report(browser: Client, name: str) -> None:
    assert f'href="/admin/reports/{name}/"' in shown(browser, "engagement")


def test_the_search_finds_sending_domains_ips_and_pools(browser: Client) -> None:
    record([make_event(sending_domain="find.me.test", sending_ip="192.0.2.77", ip_pool="find-pool")])

    def found(typed: str) -> list[str]:
        query = urlencode({"search": typed})
        html = browser.get(f"{page('delayed')}suggestions/", QUERY_STRING=query).content.decode()
        return re.findall(r'href="/admin/reports/delayed/\?([^"]*)"', html)

    assert found("find") == ["sending_domains=find.me.test", "ip_pools=find-pool"]
    assert found("192.0") == ["sending_ips=192.0.2.77"]
    assert found("19") == []


def test_the_zone_is_chosen_and_stays_with_another_preset(browser: Client) -> None:
    html = shown(browser, "bounces", "timezone=Asia/Kolkata&period=24h")
    # 12:30:05 UTC is 18:00:05 in Kolkata, where the last full hour has just begun.
    assert "April 30, 2031, 18:00 +05:30" in html
    assert 'name="timezone" value="Asia/Kolkata" list="zones"' in html
    presets = re.findall(r'<a href="\?([^"]*)" class="rp-preset"', html)
    assert {tuple(parse_qs(query.replace("&amp;", "&")).get("timezone", [])) for query in presets} == {
        ("Asia/Kolkata",)
    }


# Bounces


def bounced(reason: str, code: int | None, number: int = 1, **changes: object) -> list[Event]:
    kind = changes.pop("type", EventType.BOUNCE)
    return [make_event(type=kind, bounce_class=code, reason=reason, message=n, **changes) for n in range(number)]


def mixed_bounces() -> list[Event]:
    return [
        *(make_event(message=n) for n in range(100)),
        *(make_event(message=n, type=EventType.DELIVERY) for n in range(80)),
        *bounced("550 5.1.1 unknown user", 10, 6),
        *bounced("550 5.1.1 unknown user", 10, 2, type=EventType.OUT_OF_BAND),
        *bounced("552 5.2.2 mailbox full", 22, 3),
        *bounced("554 5.7.1 listed", 51, 1),
        *bounced("what is this", 999, 2),
        *bounced("554 5.7.1 [internal] Campaign cancelled", 25, 4),
    ]


def test_bounces_by_category_type_and_reason(browser: Client) -> None:
    record(mixed_bounces())
    html = shown(browser, "bounces")
    assert heads(html) == {
        "count_targeted": "100",
        "count_accepted": "78",
        "count_bounce": "14",
        "bounce_rate": "14%",
    }
    assert {row[0]: (row[2], row[3]) for row in table(html, "categories")} == {
        "Block": ("1", "1%"),
        "Hard": ("8", "8%"),
        "Admin": ("4", "4%"),
        "Soft": ("3", "3%"),
        "Undetermined": ("2", "2%"),
    }
    assert {row[0]: (row[2], row[3]) for row in table(html, "bands")} == {
        "In-Band": ("12", "12%"),
        "Out-of-Band": ("2", "2%"),
    }
    assert table(html, "reasons-table") == [
        ["550 5.1.1 unknown user", "Hard", "Invalid Recipient", "8", "57.1%", "75.0%", "25.0%"],
        ["552 5.2.2 mailbox full", "Soft", "Mailbox Full", "3", "21.4%", "100.0%", "0.0%"],
        ["what is this", "Undetermined", "Undetermined", "2", "14.3%", "100.0%", "0.0%"],
        ["554 5.7.1 listed", "Block", "Spam Block", "1", "7.1%", "100.0%", "0.0%"],
    ]
    assert table(shown(browser, "bounces", "category=Admin"), "reasons-table") == [
        ["554 5.7.1 [internal] Campaign cancelled", "Admin", "Admin Failure", "4", "N/A", "N/A", "N/A"]
    ]


def test_the_columns_of_bounces_filter_rows_and_nothing_else(browser: Client) -> None:
    record(mixed_bounces())
    html = shown(browser, "bounces", "category=Hard&category=Soft")
    assert [row[1] for row in table(html, "reasons-table")] == ["Hard", "Soft"]
    assert heads(html)["count_bounce"] == "14"
    assert table(html, "reasons-table")[0][4] == "57.1%"
    html = shown(browser, "bounces", "category=Hard&class=22")
    assert table(html, "reasons-table") == [["No bounces to report"]]
    _, rows = saved(browser, f"{page('bounces')}reasons.csv", "class=51&class=22&sort=name")
    assert [row[0] for row in rows] == ["Name", "552 5.2.2 mailbox full", "554 5.7.1 listed"]


def test_a_category_opens_into_its_classifications(browser: Client) -> None:
    record([*bounced("full", 22, 3), *bounced("large", 23, 1), *bounced("no", 10, 5)])
    html = shown(browser, "bounces", "open=soft")
    assert table(html, "classifications") == [["Mailbox Full", "3", "75.0%"], ["Too Large", "1", "25.0%"]]
    html = shown(browser, "bounces", "open=soft&inner=count")
    assert [row[0] for row in table(html, "classifications")] == ["Too Large", "Mailbox Full"]
    html = shown(browser, "bounces", "open=soft&inner=-classification")
    assert [row[0] for row in table(html, "classifications")] == ["Too Large", "Mailbox Full"]
    _, rows = saved(browser, f"{page('bounces')}classifications.csv", "open=soft&inner=count")
    assert rows == [
        ["Classification", "Count", "Percentage"],
        ["Too Large", "1", "25.00"],
        ["Mailbox Full", "3", "75.00"],
    ]
    assert 'id="classifications"' not in shown(browser, "bounces")


# N/A


def test_what_a_filter_means_nothing_for_is_not_available(browser: Client) -> None:
    """What was rejected was never sent from an address, so Targeted by sending IP would leave it out unseen."""
    record(
        [
            make_event(sending_ip="192.0.2.1"),
            make_event(type=EventType.DELIVERY, sending_ip="192.0.2.1"),
            make_event(type=EventType.GENERATION_REJECTION, bounce_class=25, reason="no"),
        ]
    )
    assert heads(shown(browser, "accepted", "sending_ips=192.0.2.1")) == {
        "count_targeted": "N/A",
        "count_sent": "1",
        "count_accepted": "1",
        "accepted_rate": "N/A",
        "avg_latency_first": "0 ms",
        "avg_latency_subsequent": "0 ms",
        "avg_message_size": "0 B",
    }
    assert heads(shown(browser, "summary", "sending_ips=192.0.2.1&metrics=count_rejected&metrics=count_sent")) == {
        "count_rejected": "N/A",
        "count_sent": "1",
    }
    assert heads(shown(browser, "accepted", "domains=example.net"))["count_targeted"] == "2"


# Rejections, Delayed, Accepted


def test_rejections_by_reason_and_category(browser: Client) -> None:
    record(
        [
            make_event(type=EventType.GENERATION_REJECTION, reason="suppressed", message=1),
            make_event(type=EventType.GENERATION_REJECTION, reason="suppressed", message=2),
            make_event(type=EventType.GENERATION_FAILURE, reason=HOSTILE, message=3),
            make_event(type=EventType.POLICY_REJECTION, reason="suppressed", message=4),
        ]
    )
    html = shown(browser, "rejections")
    assert [row[1:] for row in table(html, "reasons-table")] == [
        ["Generation Rejection", "2"],
        ["Generation Failure", "1"],
        ["Policy Rejection", "1"],
    ]
    assert "<script>alert" not in html
    html = shown(browser, "rejections", urlencode({"category": "Policy Rejection"}))
    assert table(html, "reasons-table") == [["suppressed", "Policy Rejection", "1"]]
    assert heads(html)["count_rejected"] == "4"


def test_delays_by_reason(browser: Client) -> None:
    record(
        [
            *(make_event(type=EventType.DELIVERY, message=n) for n in range(20)),
            *(make_event(type=EventType.DELAY, message=n, reason="busy") for n in range(3)),
            *(make_event(type=EventType.DELAY, message=n, reason="busy", num_retries=1) for n in range(2)),
            make_event(type=EventType.DELAY, message=9, reason="grey", num_retries=4),
        ]
    )
    html = shown(browser, "delayed")
    assert list(heads(html).values()) == ["20", "6", "3", "15%"]
    assert table(html, "reasons-table") == [["busy", "5", "3", "15.0%"], ["grey", "1", "0", "0.0%"]]
    _, rows = saved(browser, f"{page('delayed')}reasons.csv", "sort=first")
    assert rows[1:] == [["grey", "1", "0", "0.00"], ["busy", "5", "3", "15.00"]]


def test_accepted_tells_ten_attempts_apart(browser: Client) -> None:
    retries = [0, 0, 0, 1, 4, 5, 8, 9, 12, 40]
    record([make_event(type=EventType.DELIVERY, message=n, num_retries=r) for n, r in enumerate(retries)])
    html = shown(browser, "accepted")
    assert [row[0:1] + row[2:] for row in table(html, "bars")] == [
        ["1st", "3", "30%"],
        ["2nd–5th", "2", "20%"],
        ["6th–9th", "2", "20%"],
        ["10+", "3", "30%"],
    ]
    name, rows = saved(browser, f"{page('accepted')}attempts.csv")
    assert name == "accepted-20310501T1100-20310501T1231.csv"
    assert [row[0] for row in rows] == ["Attempt", "1st", "2nd–5th", "6th–9th", "10+"]


# Tables


def many_reasons(count: int) -> Iterator[Event]:
    for number in range(count):
        yield make_event(type=EventType.DELAY, reason=f"reason {number:05}", message=number)


def test_pages_of_reasons_and_the_remembered_size(browser: Client) -> None:
    record(many_reasons(60))
    html = shown(browser, "delayed", "sort=name")
    assert [row[0] for row in table(html, "reasons-table")] == [f"reason {n:05}" for n in range(25)]
    assert "1–25 of 60" in html
    assert len(table(shown(browser, "delayed", "page=3"), "reasons-table")) == 10
    assert len(table(shown(browser, "delayed", "size=50"), "reasons-table")) == 50
    # Another report remembers it too.
    record([make_event(type=EventType.GENERATION_FAILURE, reason=f"r{n}") for n in range(60)])
    assert len(table(shown(browser, "rejections"), "reasons-table")) == 50
    _, rows = saved(browser, f"{page('delayed')}reasons.csv", "sort=-name&page=2")
    assert [row[0] for row in rows[1:]] == [f"reason {n:05}" for n in reversed(range(60))]


def test_a_long_table_is_saved_in_pieces(browser: Client) -> None:
    record(many_reasons(2500))
    response: Any = browser.get(f"{page('delayed')}reasons.csv")
    pieces = list(response.streaming_content)
    assert len(pieces) == 4
    assert len(b"".join(pieces).splitlines()) == 2501


@pytest.mark.parametrize("reason", ["=1+1", "+1", "-1", "@x", "'=1"])
def test_reasons_that_look_like_formulas_are_made_harmless(browser: Client, reason: str) -> None:
    record([make_event(type=EventType.DELAY, reason=reason)])
    _, rows = saved(browser, f"{page('delayed')}reasons.csv")
    assert rows[1][0] == f"'{reason}"


def test_reasons_are_escaped_and_kept_whole_for_hovering(browser: Client) -> None:
    record([make_event(type=EventType.DELAY, reason=HOSTILE + "x" * 900)])
    html = shown(browser, "delayed")
    assert "<script>alert" not in html
    assert f'title="&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;{"x" * 900}"' in html
