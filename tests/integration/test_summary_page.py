"""The Summary report as a browser without scripts sees it (contract 90 §4)."""

import html as markup
import json
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from django.test import Client

from momentum.lib import clock
from reports.pages import measures
from tests.integration.report_events import NOON, brute_force, make_event, record, worked_example
from tests.integration.report_pages import heads, saved, signed_in, table
from tracking.events import EventType
from transmissions.models import Template, TemplateVersion

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/admin/reports/summary/"
NOW = NOON + timedelta(minutes=30, seconds=5)
HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def browser() -> Client:
    return signed_in()


def chosen(*names: str, **more: object) -> str:
    return urlencode({"metrics": names, **more}, doseq=True)


def shown(browser: Client, query: str = "") -> str:
    response = browser.get(PAGE, QUERY_STRING=query)
    assert response.status_code == 200
    return response.content.decode()


def graphs(html: str) -> dict[str, Any]:
    """What the script draws."""
    found = re.search(r'data-graphs="([^"]*)"', html)
    assert found is not None
    data: dict[str, Any] = json.loads(markup.unescape(found[1]))
    return data


def lines(html: str) -> dict[str, list[float | None]]:
    return {line["name"]: line["values"] for graph in graphs(html)["graphs"] for line in graph["lines"]}


# Metrics


@pytest.mark.parametrize("group", measures.GROUPS)
def test_every_metric_of_the_worked_example(browser: Client, group: str) -> None:
    events = worked_example()
    record(events)
    truth = brute_force(events)
    names = measures.GROUPS[group]
    for first in range(0, len(names), 5):
        some = names[first : first + 5]
        found = heads(shown(browser, chosen(*some)))
        assert list(found) == list(some)
        for name in some:
            if name.startswith("count_"):
                assert found[name] == str(truth[name]), name


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("rejection_rate", "33.3%"),
        ("accepted_rate", "66.7%"),
        ("delayed_rate", "50%"),
        ("admin_bounce_rate", "33.3%"),
        ("open_rate", "100%"),
        ("click_through_rate", "100%"),
        ("avg_latency_first", "40\u00a0ms"),
        ("avg_latency_subsequent", "9,000\u00a0ms"),
        ("avg_message_size", "1,000\u00a0B"),
        ("total_msg_volume", "2,000\u00a0B"),
    ],
)
def test_rates_and_averages_of_the_worked_example(browser: Client, name: str, figure: str) -> None:
    record(worked_example())
    assert heads(shown(browser, chosen(name)))[name] == figure.replace("\u00a0", " ")


def test_a_sixth_metric_is_refused_with_a_message(browser: Client) -> None:
    six = measures.SELECTABLE[:6]
    html = shown(browser, chosen(*six))
    assert list(heads(html)) == list(six[:5])
    assert "Up to 5 metrics can be shown: Generation Failures, Generation Rejections left out." not in html
    assert f"Up to 5 metrics can be shown: {measures.measure(six[5]).label} left out." in html
    assert 'id="refused"' not in shown(browser, chosen(*six[:5]))


def test_the_picker_holds_every_metric_with_what_it_means(browser: Client) -> None:
    html = shown(browser, chosen("count_clicked"))
    offered = re.findall(r'title="([^"]+)"><input type="checkbox" name="metrics" value="(\w+)" (checked)?', html)
    assert [name for _, name, _ in offered] == list(measures.SELECTABLE)
    assert all(description for description, _, _ in offered)
    assert [name for _, name, checked in offered if checked] == ["count_clicked"]


# Graphs


def test_there_is_a_graph_for_each_unit(browser: Client) -> None:
    record(worked_example())
    html = shown(
        browser, chosen("count_sent", "open_rate", "avg_latency_first", "avg_message_size", "count_clicked")
    )
    data = graphs(html)
    assert [(graph["unit"], [line["name"] for line in graph["lines"]]) for graph in data["graphs"]] == [
        ("Count", ["count_sent", "count_clicked"]),
        ("Percent", ["open_rate"]),
        ("Milliseconds", ["avg_latency_first"]),
        ("Bytes", ["avg_message_size"]),
    ]
    assert re.findall(r'id="graph-(\w+)"', html)[:4] == ["count", "percent", "milliseconds", "bytes"]
    assert {line["colour"] for graph in data["graphs"] for line in graph["lines"]} == {1, 2, 3, 4, 5}


@pytest.mark.parametrize(
    ("query", "points", "first", "precision"),
    [
        # 11:00 to 12:30, the running minute included
        ("", 91, "May 1, 2031, 11:00 +00:00", "1 minute"),
        ("period=24h", 99, "April 30, 2031, 12:00 +00:00", "15 minutes"),
        ("period=7d", 15, "April 24, 2031, 12:00 +00:00", "12 hours"),
        ("period=10d", 11, "April 21, 2031", "1 day"),
        ("period=90d", 91, "Jan. 31, 2031", "1 day"),
        ("period=custom&from=2031-04-29T10:00&to=2031-05-01T10:00", 48, "April 29, 2031, 10:00 +00:00", "1 hour"),
        ("period=custom&from=2031-05-01T10:00&to=2031-05-01T10:01", 1, "May 1, 2031, 10:00 +00:00", "1 minute"),
    ],
)
def test_the_precision_follows_the_length(
    browser: Client, query: str, points: int, first: str, precision: str
) -> None:
    html = shown(browser, query)
    assert len(graphs(html)["labels"]) == points
    assert graphs(html)["labels"][0] == first
    assert f"One point for {precision}" in html


def test_points_lie_where_their_events_do_and_add_up(browser: Client) -> None:
    moments = [NOON - timedelta(hours=hours, minutes=7) for hours in (0, 1, 1, 20)]
    record([make_event(happened_at=moment, message=number) for number, moment in enumerate(moments)])
    html = shown(browser, chosen("count_injected", period="24h"))
    values = lines(html)["count_injected"]
    labels = graphs(html)["labels"]
    assert {labels[index]: value for index, value in enumerate(values) if value} == {
        "April 30, 2031, 15:45 +00:00": 1,
        "May 1, 2031, 10:45 +00:00": 2,
        "May 1, 2031, 11:45 +00:00": 1,
    }
    assert sum(filter(None, values)) == int(heads(html)["count_injected"])
    assert ["May 1, 2031, 10:45 +00:00", "2"] in table(html, "series-table")


def test_intervals_that_are_cut_short_are_marked(browser: Client) -> None:
    record([make_event(happened_at=NOON - timedelta(days=10, minutes=5)), make_event()])
    html = shown(browser, chosen("count_injected", period="10d"))
    assert graphs(html)["partial"] == [0, 10]
    # What lies before the period on its first day is not in its first point.
    assert sum(filter(None, lines(html)["count_injected"])) == 1
    rows = table(html, "series-table")
    assert rows[0] == ["April 21, 2031incomplete", "0"]
    assert rows[5] == ["April 26, 2031", "0"]
    whole = shown(browser, "period=custom&from=2031-04-29&to=2031-05-01&timezone=UTC")
    assert graphs(whole)["partial"] == []


def test_around_a_change_of_clocks_labels_carry_their_offset(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime.fromisoformat("2031-10-26T12:00:00+00:00"))
    html = shown(browser, "period=custom&from=2031-10-25T12:00&to=2031-10-26T13:00&timezone=Europe/Berlin")
    labels = graphs(html)["labels"]
    assert "Oct. 26, 2031, 02:00 +02:00" in labels
    assert "Oct. 26, 2031, 02:00 +01:00" in labels
    assert len(labels) == 26


@pytest.mark.parametrize(("scale", "drawn"), [("log", "log"), ("power", "power"), ("", "linear"), ("x", "linear")])
def test_the_scale_is_in_the_address(browser: Client, scale: str, drawn: str) -> None:
    html = shown(browser, f"scale={scale}")
    assert graphs(html)["scale"] == drawn
    chosen_one = re.search(r'aria-label="Scale">.*?<a href="[^"]*" aria-current="true">(\w+)</a>', html, re.DOTALL)
    assert chosen_one is not None
    assert chosen_one[1].lower() == drawn


def test_a_metric_that_is_not_available_is_no_line_of_zeros(browser: Client) -> None:
    record([make_event(sending_ip="192.0.2.1")])
    html = shown(browser, chosen("count_targeted", sending_ips="192.0.2.1"))
    assert set(lines(html)["count_targeted"]) == {None}
    assert table(html, "series-table")[0][1] == "N/A"


# The period before


def days_ago(*counts: int) -> Iterable[Any]:
    for day, count in enumerate(counts):
        for number in range(count):
            yield make_event(happened_at=NOON - timedelta(days=day, minutes=10), message=number)


def test_the_period_before_is_compared(browser: Client) -> None:
    record(days_ago(15, 10, 99))
    query = chosen("count_injected", "bounce_rate", period="24h", compare="previous")
    html = shown(browser, query)
    assert heads(html) == {"count_injected": "15 +50%", "bounce_rate": "0% ±0.0 points"}
    (line,) = graphs(html)["graphs"][0]["lines"]
    assert sum(line["before"]) == 10
    assert [index for index, value in enumerate(line["before"]) if value] == [
        index for index, value in enumerate(line["values"]) if value
    ]
    plain = shown(browser, chosen("count_injected", period="24h"))
    assert heads(plain) == {"count_injected": "15"}
    assert graphs(plain)["graphs"][0]["lines"][0]["before"] == []


@pytest.mark.parametrize(
    ("counts", "text"), [((0, 0), "0 ±0"), ((5, 0), "5 new"), ((0, 5), "0 −100%"), ((5, 5), "5 ±0%")]
)
def test_differences_from_nothing_and_to_nothing(browser: Client, counts: tuple[int, ...], text: str) -> None:
    record(days_ago(*counts))
    html = shown(browser, chosen("count_injected", period="24h", compare="previous"))
    assert heads(html)["count_injected"] == text


def test_last_hour_is_compared_with_what_lies_before_it_as_a_whole(browser: Client) -> None:
    # 11:00 to 12:31, and two hours earlier 9:00 to 10:31
    record(
        [
            *(make_event(message=n, happened_at=NOON) for n in range(4)),
            *(make_event(message=n, happened_at=NOON - timedelta(hours=3)) for n in range(2)),
            make_event(message=9, happened_at=NOON - timedelta(hours=3, seconds=1)),
            make_event(message=9, happened_at=NOON - timedelta(hours=1, minutes=29)),
        ]
    )
    html = shown(browser, chosen("count_injected", compare="previous"))
    assert heads(html)["count_injected"] == "4 +100%"


# The table


def test_a_row_adds_its_filter(browser: Client) -> None:
    record(
        [
            make_event(campaign_id=HOSTILE, recipient_domain="a.test", ip_pool="p"),
            make_event(campaign_id="", recipient_domain="b.test", ip_pool="p", message=2),
        ]
    )
    html = shown(browser, chosen("count_injected", tab="campaigns", ip_pools="p"))
    assert HOSTILE not in html
    assert table(html, "table-table") == [[HOSTILE, "1"], ["(none)", "1"]]
    links = re.findall(r'<a href="\?([^"]*)" class="rp-into">', html)
    assert [parse_qs(markup.unescape(link)) for link in links] == [
        {"metrics": ["count_injected"], "tab": ["campaigns"], "ip_pools": ["p"], "campaigns": [HOSTILE]}
    ]


@pytest.mark.parametrize(
    ("tab", "field"),
    [
        ("domains", "recipient_domain"),
        ("sending-ips", "sending_ip"),
        ("ip-pools", "ip_pool"),
        ("campaigns", "campaign_id"),
        ("templates", "template_id"),
        ("sending-domains", "sending_domain"),
    ],
)
def test_every_tab(browser: Client, tab: str, field: str) -> None:
    record([make_event(message=n, **{field: f"value-{n % 2}"}) for n in range(3)])
    html = shown(browser, chosen("count_injected", tab=tab))
    assert [row[1] for row in table(html, "table-table")] == ["2", "1"]
    _, rows = saved(browser, f"{PAGE}table.csv", chosen("count_injected", tab=tab, sort="count_injected"))
    assert [row[0] for row in rows[1:]] == ["value-1", "value-0"]


def test_templates_have_labels_and_deleted_ones_are_marked(browser: Client) -> None:
    template = Template.objects.create(key="spring", created_at=NOW)
    for is_draft, name in ((True, "Draft"), (False, "Spring <sale>")):
        TemplateVersion.objects.create(
            template=template, is_draft=is_draft, number=1, name=name, content="{}", updated_at=NOW
        )
    record([make_event(template_id="spring"), make_event(template_id="gone", message=2)])
    html = shown(browser, chosen("count_injected", tab="templates"))
    assert table(html, "table-table") == [["gonedeleted", "1"], ["springSpring <sale>", "1"]]
    assert re.findall(r'class="rp-into"><bdi>(\w+)<', html) == ["spring"]
    found = browser.get(f"{PAGE}suggestions/", QUERY_STRING="search=sale").content.decode()
    assert "templates=spring" in found


def test_the_table_is_cut_at_so_many_rows_by_injected(browser: Client) -> None:
    record([make_event(recipient_domain=f"d{n:04}.test", message=n) for n in range(1200)])
    record([make_event(recipient_domain="zz.test", message=n) for n in range(2)])
    html = shown(browser, chosen("count_injected", sort="name"))
    assert "1–25 of 250" in html
    assert "Top 250 by Injected" in html
    assert table(shown(browser, chosen("count_injected")), "table-table")[0] == ["zz.test", "2"]
    filtered = chosen("count_injected", campaigns="spring")
    assert "1–25 of 1,000" in shown(browser, filtered)
    name, rows = saved(browser, f"{PAGE}table.csv", filtered)
    assert name == "summary-20310501T1100-20310501T1231.csv"
    assert rows[0] == ["Domains", "Injected"]
    assert len(rows) == 1001


def test_the_table_sorts_by_each_metric_shown(browser: Client) -> None:
    record(
        [
            *(make_event(recipient_domain="a.test", message=n) for n in range(3)),
            *(make_event(recipient_domain="b.test", message=n) for n in range(2)),
            make_event(recipient_domain="b.test", type=EventType.DELIVERY),
        ]
    )

    def order(sort: str) -> list[str]:
        html = shown(browser, chosen("count_injected", "accepted_rate", sort=sort))
        return [row[0] for row in table(html, "table-table")]

    assert order("") == ["a.test", "b.test"]
    assert order("count_injected") == ["b.test", "a.test"]
    assert order("-accepted_rate") == ["b.test", "a.test"]
    assert order("-name") == ["b.test", "a.test"]
    # A metric that is not shown sorts nothing.
    assert order("count_clicked") == ["a.test", "b.test"]


def test_the_graph_follows_the_clock_without_any_event(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = re.search(r'name="seen" value="([^"]*)"', shown(browser))
    assert seen is not None
    assert browser.get(f"{PAGE}figures/", QUERY_STRING=f"seen={seen[1]}").status_code == 204
    monkeypatch.setattr(clock, "now", lambda: NOW + timedelta(minutes=1))
    answer = browser.get(f"{PAGE}figures/", QUERY_STRING=f"seen={seen[1]}")
    assert len(graphs(answer.content.decode())["labels"]) == 92
