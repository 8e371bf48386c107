"""The metrics API from outside: events into the log, HTTP requests out."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from accounts import actions
from momentum.lib import clock
from reports.metrics import OFFERED
from reports.urls import _CHILDREN, _LISTS
from tests.integration.report_events import NOON, make_event, record, worked_example
from tracking.events import Event, EventType

pytestmark = pytest.mark.django_db(transaction=True)

NOW = NOON + timedelta(minutes=30, seconds=5)
DAY = "from=2031-05-01T00:00"


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def api() -> "Api":
    _, key = actions.create_key("metrics", ["metrics/view"])
    return Api(key)


class Api:
    def __init__(self, key: str) -> None:
        self.client = Client(headers={"Authorization": key})

    def ask(self, path: str, query: str = "") -> tuple[int, dict[str, Any]]:
        answer = self.client.get(f"/api/v1/metrics{path}", QUERY_STRING=query)
        assert answer["Content-Type"] == "application/json; charset=utf-8"
        return answer.status_code, answer.json()

    def results(self, path: str, query: str = DAY) -> Any:
        status, body = self.ask(path, query)
        assert status == 200, body
        return body["results"]

    def refusal(self, path: str, query: str) -> tuple[int, str, str | None]:
        status, body = self.ask(path, query)
        return status, body["errors"][0]["code"], body["errors"][0].get("param")


def clicks(label: str, *messages: int, **changes: object) -> list[Event]:
    return [make_event(type=EventType.CLICK, link_label=label, message=message, **changes) for message in messages]


def test_the_worked_example(api: Api) -> None:
    record(worked_example())
    names = "count_targeted,count_accepted,count_unique_confirmed_opened,count_unique_clicked,total_msg_volume"
    assert api.results("/deliverability", f"{DAY}&metrics={names}") == [
        {
            "count_targeted": 3,
            "count_accepted": 2,
            "count_unique_confirmed_opened": 2,
            "count_unique_clicked": 2,
            "total_msg_volume": 2000,
        }
    ]
    asked = f"{DAY}&metrics=count_clicked,count_raw_clicked_approx"
    assert api.results("/deliverability/link-name", asked) == [
        {"link_name": "top", "count_clicked": 4, "count_raw_clicked_approx": 2},
        {"link_name": "https://shop.example.com/sale", "count_clicked": 2, "count_raw_clicked_approx": 1},
    ]
    assert api.results("/deliverability/attempt") == [
        {"attempt": "1", "count_delivered": 1},
        {"attempt": "2", "count_delivered": 1},
    ]


def test_nothing_at_all_is_a_row_of_zeros_and_empty_lists(api: Api) -> None:
    everything = f"{DAY}&metrics={','.join(sorted(OFFERED))}"
    assert api.results("/deliverability", everything) == [dict.fromkeys(sorted(OFFERED), 0)]
    assert api.results("/deliverability/aggregate/", everything) == [dict.fromkeys(sorted(OFFERED), 0)]
    for child in _CHILDREN:
        if child not in ("aggregate", "time-series", "query-filters-schema"):
            assert api.results(f"/deliverability/{child}", everything) == []
    for name in _LISTS:
        assert api.results(f"/{name}", "") == {name: []}
    assert api.results("/benchmarks/inbox-rate") == []


# Parameters


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("metrics=count_injected", (400, "1401", "from")),
        (DAY, (400, "1401", "metrics")),
        (f"{DAY}&metrics=", (400, "1401", "metrics")),
        (f"{DAY}&metrics=count_admin_failure", (400, "1200", "metrics")),
        (f"{DAY}&metrics=count_nothing", (400, "1200", "metrics")),
        ("from=yesterday&metrics=count_injected", (400, "1200", "from")),
        ("from=2031-13-01&metrics=count_injected", (400, "1200", "from")),
        ("from=0001-01-01&metrics=count_injected", (400, "1200", "from")),
        ("from=2031-06-01&metrics=count_injected", (400, "1200", "from")),
        (f"{DAY}&to=2031-05-01T00:00&metrics=count_injected", (400, "1200", "from")),
        (f"{DAY}&to=9999-12-31&metrics=count_injected", (400, "1200", "to")),
        (f"{DAY}&timezone=Mars/Olympus&metrics=count_injected", (400, "1200", "timezone")),
        (f"{DAY}&timezone=../../etc/passwd&metrics=count_injected", (400, "1200", "timezone")),
        (f"{DAY}&precision=fortnight&metrics=count_injected", (400, "1200", "precision")),
        (f"{DAY}&precision=week&metrics=count_injected", (400, "1200", "precision")),
        (f"{DAY}&precision=month&metrics=count_injected", (400, "1200", "precision")),
        ("from=2031-04-29&precision=15min&metrics=count_injected", (400, "1200", "precision")),
    ],
)
def test_refusals_name_the_parameter(api: Api, query: str, expected: tuple[int, str, str]) -> None:
    assert api.refusal("/deliverability", query) == expected


@pytest.mark.parametrize(
    ("query", "param"),
    [("limit=0", "limit"), ("limit=10001", "limit"), ("limit=x", "limit"), ("order_by=count_nothing", "order_by")],
)
def test_refusals_of_groupings(api: Api, query: str, param: str) -> None:
    asked = f"{DAY}&metrics=count_injected&{query}"
    assert api.refusal("/deliverability/campaign", asked) == (400, "1200", param)


def test_the_error_of_a_missing_parameter_has_the_contracts_words(api: Api) -> None:
    assert api.ask("/deliverability", "metrics=count_injected")[1] == {
        "errors": [
            {
                "message": "required parameter missing",
                "description": "from is required",
                "code": "1401",
                "param": "from",
            }
        ]
    }


def test_a_window_of_24_hours_is_allowed_at_5_minutes_and_one_minute_more_is_not(api: Api) -> None:
    asked = "metrics=count_injected&precision=5min&from=2031-04-30T10:00"
    assert api.ask("/deliverability", f"{asked}&to=2031-05-01T10:00")[0] == 200
    assert api.refusal("/deliverability", f"{asked}&to=2031-05-01T10:01") == (400, "1200", "precision")


def test_the_grant_the_method_and_the_address_are_checked() -> None:
    _, key = actions.create_key("templates", ["templates/view"])
    other = Client(headers={"Authorization": key})
    asked = f"/api/v1/metrics/deliverability?{DAY}&metrics=count_injected"
    refused = other.get(asked)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (403, "1100")
    assert Client().get(asked).status_code == 401
    _, key = actions.create_key("metrics", ["metrics/view"])
    client = Client(headers={"Authorization": key, "X-MSYS-SUBACCOUNT": "7"})
    assert client.get(asked).status_code == 200
    posted = client.post(asked)
    assert (posted.status_code, posted.json()["errors"][0]["code"]) == (405, "1102")
    unknown = client.get("/api/v1/metrics/deliverability/nothing")
    assert (unknown.status_code, unknown.json()["errors"][0]["code"]) == (404, "1101")


@pytest.mark.parametrize("delimiter", ["|", ".", "*", "::", "+-+"])
def test_lists_with_another_delimiter(api: Api, delimiter: str) -> None:
    record([make_event(campaign_id="a,b"), make_event(campaign_id="c"), make_event(campaign_id="d")])
    separator = quote(delimiter)
    asked = f"{DAY}&delimiter={separator}&metrics=count_injected{separator}count_targeted&campaigns=a,b{separator}c"
    assert api.results("/deliverability", asked) == [{"count_injected": 2, "count_targeted": 2}]


def test_metrics_may_repeat_and_have_blanks_around_them(api: Api) -> None:
    record(worked_example())
    asked = f"{DAY}&metrics=count_clicked, count_clicked ,,count_raw_clicked_approx&metrics=count_injected"
    assert api.results("/deliverability", asked) == [
        {"count_clicked": 6, "count_raw_clicked_approx": 3, "count_injected": 2}
    ]


def test_approximate_names_alone(api: Api) -> None:
    record(worked_example())
    asked = f"{DAY}&metrics=count_unique_confirmed_opened_approx"
    assert api.results("/deliverability", asked) == [{"count_unique_confirmed_opened_approx": 2}]


def test_a_hundred_values_in_a_filter(api: Api) -> None:
    record([make_event(recipient_domain="example.net")])
    domains = ",".join([*(f"d{number}.example.com" for number in range(100)), "EXAMPLE.net"])
    assert api.results("/deliverability", f"{DAY}&metrics=count_injected&domains={domains}") == [
        {"count_injected": 1}
    ]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("campaigns=spring", 2),
        ("campaigns=Spring", 0),
        ("campaigns=", 4),
        ("campaigns=spring&templates=t1", 1),
        ("campaigns=spring,autumn", 3),
        ("sending_ips=192.0.2.1", 1),
        ("bindings=192.0.2.1", 1),
        ("binding_groups=pool", 1),
        ("subaccounts=0,7", 4),
        ("subaccounts=7", 0),
        ("protocols=smtp", 4),
        ("subject_campaigns=Hello", 1),
        ("nodes=n1", 1),
        ("mailbox_providers=Gmail&mailbox_provider_regions=Global", 1),
        ("sending_domains=Shop.example.com", 1),
    ],
)
def test_simple_filters(api: Api, query: str, expected: int) -> None:
    record(
        [
            make_event(campaign_id="spring", template_id="t1", sending_ip="192.0.2.1", ip_pool="pool"),
            make_event(campaign_id="spring", mailbox_provider="Gmail", mailbox_provider_region="Global"),
            make_event(campaign_id="autumn", subject_campaign="Hello", data={"node_name": "n1"}),
            make_event(campaign_id="", sending_domain="shop.example.com"),
        ]
    )
    assert api.results("/deliverability", f"{DAY}&metrics=count_injected&{query}") == [{"count_injected": expected}]


def test_engagement_without_a_campaign_does_not_match_a_campaign_filter(api: Api) -> None:
    record([*clicks("top", 1), *clicks("top", 1, campaign_id="")])
    assert api.results("/deliverability", f"{DAY}&metrics=count_clicked&campaigns=spring") == [{"count_clicked": 1}]


# query_filters


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ('{"groupings":[]}', 4),
        ('{"groupings":[{"AND":{"domains":{"eq":["A.test"]},"campaigns":{"like":["SPR"]}}}]}', 1),
        ('{"groupings":[{"OR":{"domains":{"eq":["a.test"],"like":["shop"]}}}]}', 3),
        (
            '{"groupings":[{"AND":{"campaigns":{"notLike":["test"]}}},'
            '{"OR":{"templates":{"eq":["t1"]},"ip_pools":{"eq":["p1"]}}}]}',
            1,
        ),
        ('{"groupings":[{"AND":{"campaigns":{"notEq":["spring"]}}}]}', 3),
        ('{"groupings":[{"AND":{"campaigns":{"eq":[""]}}}]}', 0),
        ('{"groupings":[{"AND":{"campaigns":{"like":["%%%"]}}}]}', 0),
        ('{"groupings":[{"AND":{"subaccounts":{"eq":[0]}}}]}', 4),
        ('{"groupings":[{"AND":{"subaccounts":{"notEq":[0]}}}]}', 0),
    ],
)
def test_query_filters(api: Api, filters: str, expected: int) -> None:
    record(
        [
            make_event(campaign_id="spring", recipient_domain="a.test", template_id="t1"),
            make_event(campaign_id="a test", recipient_domain="a.test", template_id="t1"),
            make_event(campaign_id="", recipient_domain="shop.test"),
            make_event(campaign_id="autumn", recipient_domain="b.test"),
        ]
    )
    asked = f"{DAY}&metrics=count_injected&domains=nowhere.test&query_filters={quote(filters)}"
    assert api.results("/deliverability", asked) == [{"count_injected": expected}]


@pytest.mark.parametrize(
    ("filters", "path"),
    [
        ("{}", ""),
        ("not json", ""),
        ("[]", ""),
        ('{"groupings":{}}', "/groupings"),
        ('{"groupings":[],"more":1}', ""),
        ('{"groupings":[{}]}', "/groupings/0"),
        ('{"groupings":[{"NOT":{"domains":{"eq":["a"]}}}]}', "/groupings/0"),
        ('{"groupings":[{"AND":{"domains":{"eq":["a"]}},"OR":{"domains":{"eq":["a"]}}}]}', "/groupings/0"),
        ('{"groupings":[{"AND":{}}]}', "/groupings/0/AND"),
        ('{"groupings":[{"AND":{"colours":{"eq":["a"]}}}]}', "/groupings/0/AND"),
        ('{"groupings":[{"AND":{"domains":{}}}]}', "/groupings/0/AND/domains"),
        ('{"groupings":[{"AND":{"domains":{"is":["a"]}}}]}', "/groupings/0/AND/domains"),
        ('{"groupings":[{"AND":{"domains":{"eq":[]}}}]}', "/groupings/0/AND/domains/eq"),
        ('{"groupings":[{"AND":{"domains":{"eq":[true]}}}]}', "/groupings/0/AND/domains/eq/0"),
        ('{"groupings":[{"AND":{"domains":{"like":["ab"]}}}]}', "/groupings/0/AND/domains/like/0"),
        ('{"groupings":[{"AND":{"domains":{"like":[123]}}}]}', "/groupings/0/AND/domains/like/0"),
        ('{"groupings":[{"AND":{"domains":{"eq":["a\\u0000"]}}}]}', "/groupings/0/AND/domains/eq/0"),
    ],
)
def test_violations_of_the_filter_schema(api: Api, filters: str, path: str) -> None:
    status, body = api.ask("/deliverability", f"{DAY}&metrics=count_injected&query_filters={quote(filters)}")
    (error,) = body["errors"]
    assert (status, error["code"], error["message"], error["param"]) == (
        400,
        "1200",
        "invalid params",
        "query_filters",
    )
    assert error["validationErrors"][0]["path"] == path


def test_the_filter_schema_is_offered(api: Api) -> None:
    schema = api.results("/deliverability/query-filters-schema", "")
    assert schema["required"] == ["groupings"]
    assert len(schema["$defs"]["filters"]["properties"]) == 10


# Rows


def test_groupings_are_ordered_and_cut_and_leave_out_rows_of_zeros(api: Api) -> None:
    record(
        [
            *(make_event(campaign_id="b") for _ in range(2)),
            *(make_event(campaign_id="a") for _ in range(2)),
            *(make_event(campaign_id="c") for _ in range(3)),
            make_event(campaign_id=""),
            make_event(campaign_id="only clicks", type=EventType.CLICK),
            make_event(campaign_id="a", type=EventType.BOUNCE, bounce_class=10),
        ]
    )
    asked = f"{DAY}&metrics=count_injected"
    assert api.results("/deliverability/campaign", asked) == [
        {"campaign_id": "c", "count_injected": 3},
        {"campaign_id": "a", "count_injected": 2},
        {"campaign_id": "b", "count_injected": 2},
        {"campaign_id": "", "count_injected": 1},
    ]
    assert api.results("/deliverability/campaign", f"{asked}&limit=2&order_by=count_bounce") == [
        {"campaign_id": "a", "count_injected": 2},
        {"campaign_id": "", "count_injected": 1},
    ]


@pytest.mark.parametrize(
    ("child", "key", "value"),
    [
        ("domain", "domain", "example.net"),
        ("sending-ip", "sending_ip", "192.0.2.1"),
        ("ip-pool", "ip_pool", "pool"),
        ("sending-domain", "sending_domain", "shop.example.com"),
        ("subaccount", "subaccount_id", 0),
        ("template", "template_id", "t1"),
        ("subject-campaign", "subject_campaign", "Hello"),
        ("mailbox-provider", "mailbox_provider", "Gmail"),
        ("mailbox-provider-region", "mailbox_provider_region", "Global"),
        ("binding", "binding", "192.0.2.1"),
        ("binding-group", "binding_group", "pool"),
    ],
)
def test_every_grouping(api: Api, child: str, key: str, value: str | int) -> None:
    record(
        [
            make_event(
                sending_ip="192.0.2.1",
                ip_pool="pool",
                sending_domain="shop.example.com",
                template_id="t1",
                subject_campaign="Hello",
                mailbox_provider="Gmail",
                mailbox_provider_region="Global",
            )
        ]
    )
    assert api.results(f"/deliverability/{child}", f"{DAY}&metrics=count_injected") == [
        {key: value, "count_injected": 1}
    ]


def test_watched_domains(api: Api, settings: Any) -> None:
    settings.WATCHED_DOMAINS = ("a.test",)
    record([make_event(recipient_domain="a.test"), make_event(recipient_domain="b.test")])
    assert api.results("/deliverability/watched-domain", f"{DAY}&metrics=count_injected") == [
        {"watched_domain": "a.test", "count_injected": 1}
    ]


def test_links_offer_only_click_metrics(api: Api) -> None:
    record([*clicks("top", 1, 1, 2), *clicks("Top", 1), *clicks("b", 1), make_event(type=EventType.OPEN)])
    asked = f"{DAY}&metrics=count_targeted,count_raw_clicked"
    assert api.results("/deliverability/link-name", asked) == [
        {"link_name": "top", "count_raw_clicked": 2},
        {"link_name": "Top", "count_raw_clicked": 1},
        {"link_name": "b", "count_raw_clicked": 1},
    ]
    assert api.results("/deliverability/link-name", f"{asked}&limit=1&domains=example.net") == [
        {"link_name": "top", "count_raw_clicked": 2}
    ]


def test_accepted_is_never_below_zero(api: Api) -> None:
    record([make_event(type=EventType.OUT_OF_BAND, bounce_class=10)])
    asked = f"{DAY}&metrics=count_accepted,count_bounce"
    assert api.results("/deliverability", asked) == [{"count_accepted": 0, "count_bounce": 1}]


def test_numbers_above_32_bits(api: Api) -> None:
    record([make_event(type=EventType.DELIVERY, msg_size=2**33) for _ in range(3)])
    assert api.results("/deliverability", f"{DAY}&metrics=total_msg_volume") == [{"total_msg_volume": 3 * 2**33}]


# Windows


def test_rounding_of_a_window_to_its_precision(api: Api) -> None:
    minutes = [16, 20, 21, 22, 23, *range(30, 60)]
    record([make_event(happened_at=datetime(2031, 5, 1, 4, minute, tzinfo=UTC)) for minute in minutes])
    asked = "metrics=count_injected&from=2031-05-01T04:22&to=2031-05-01T04:31"

    def count(precision: str) -> int:
        found: int = api.results("/deliverability", f"{asked}{precision}")[0]["count_injected"]
        return found

    assert count("") == 3
    assert count("&precision=1min") == 3
    assert count("&precision=5min") == 9
    assert count("&precision=15min") == 20
    assert count("&precision=hour") == 35
    assert count("&precision=day") == 35


def test_time_series_is_zero_filled_and_does_not_open_a_bucket_at_the_end(api: Api) -> None:
    record([make_event(happened_at=NOON), make_event(happened_at=NOON + timedelta(minutes=1))])
    asked = (
        "metrics=count_injected&precision=hour&timezone=Europe%2FParis&from=2031-05-01T13:00&to=2031-05-01T15:00"
    )
    assert api.results("/deliverability/time-series", asked) == [
        {"ts": "2031-05-01T13:00:00+02:00", "count_injected": 0},
        {"ts": "2031-05-01T14:00:00+02:00", "count_injected": 2},
    ]


def test_time_series_across_a_change_of_clocks(api: Api) -> None:
    asked = "metrics=count_injected&precision=hour&timezone=America/New_York"
    autumn = f"{asked}&from=2030-11-03T00:00&to=2030-11-03T03:00"
    assert [row["ts"] for row in api.results("/deliverability/time-series", autumn)] == [
        "2030-11-03T00:00:00-04:00",
        "2030-11-03T01:00:00-04:00",
        "2030-11-03T01:00:00-05:00",
        "2030-11-03T02:00:00-05:00",
    ]
    spring = f"{asked}&from=2031-03-09T02:30&to=2031-03-09T05:00"
    assert [row["ts"] for row in api.results("/deliverability/time-series", spring)] == [
        "2031-03-09T03:00:00-04:00",
        "2031-03-09T04:00:00-04:00",
    ]


def test_hours_of_a_zone_with_half_hours(api: Api) -> None:
    record([make_event(happened_at=NOON.replace(hour=11, minute=minute)) for minute in (29, 30, 31)])
    asked = "metrics=count_injected&precision=hour&timezone=Asia/Kolkata&from=2031-05-01T16:10&to=2031-05-01T17:20"
    assert api.results("/deliverability/time-series", asked) == [
        {"ts": "2031-05-01T16:00:00+05:30", "count_injected": 1},
        {"ts": "2031-05-01T17:00:00+05:30", "count_injected": 2},
    ]


def test_days_are_in_utc_whatever_the_zone_and_uniques_count_in_each(api: Api) -> None:
    record(clicks("top", 1, happened_at=NOON - timedelta(hours=13)) + clicks("top", 1))
    asked = "metrics=count_unique_clicked&timezone=Asia/Tokyo&from=2031-04-30&to=2031-05-02"
    assert api.results("/deliverability/time-series", f"{asked}&precision=day") == [
        {"ts": "2031-04-30T00:00:00+00:00", "count_unique_clicked": 1},
        {"ts": "2031-05-01T00:00:00+00:00", "count_unique_clicked": 1},
    ]
    assert api.results("/deliverability", f"{asked}&precision=day") == [{"count_unique_clicked": 1}]


@pytest.mark.parametrize(
    ("start", "second"),
    [
        ("2031-05-01T06:00", "2031-05-01T06:01:00+00:00"),
        ("2031-04-25T00:00", "2031-04-25T01:00:00+00:00"),
        ("2031-04-05T00:00", "2031-04-06T00:00:00+00:00"),
        ("2031-01-01T00:00", "2031-01-06T00:00:00+00:00"),
        ("2030-01-15T00:00", "2030-02-01T00:00:00+00:00"),
    ],
)
def test_the_default_precision_of_a_series_follows_its_length(api: Api, start: str, second: str) -> None:
    rows = api.results("/deliverability/time-series", f"metrics=count_injected&from={start}")
    assert rows[1]["ts"] == second


def test_without_an_end_the_running_minute_is_counted(api: Api) -> None:
    record([make_event(happened_at=NOW - timedelta(seconds=1))])
    assert api.results("/deliverability", f"{DAY}&metrics=count_injected") == [{"count_injected": 1}]


# Reasons


def refusals() -> list[Event]:
    def bounce(code: int, reason: str, kind: EventType = EventType.BOUNCE, domain: str = "a.test") -> Event:
        return make_event(type=kind, bounce_class=code, reason=reason, recipient_domain=domain)

    return [
        bounce(10, "550 unknown user"),
        bounce(10, "550 unknown user", EventType.OUT_OF_BAND),
        bounce(10, "550 unknown user", domain="b.test"),
        bounce(999, "550 unknown user"),
        bounce(25, "554 5.7.1 [internal] Campaign cancelled"),
        make_event(type=EventType.GENERATION_REJECTION, bounce_class=25, reason="554 suppressed"),
        make_event(type=EventType.GENERATION_REJECTION, bounce_class=25, reason="554 suppressed"),
        make_event(type=EventType.POLICY_REJECTION, reason="550 relaying"),
        make_event(type=EventType.GENERATION_FAILURE, reason="554 line 4"),
        make_event(type=EventType.DELAY, bounce_class=70, reason="450 later"),
        make_event(type=EventType.DELAY, bounce_class=70, reason="450 later", num_retries=1),
        make_event(type=EventType.DELAY, bounce_class=22, reason="452 full", recipient_domain="b.test"),
    ]


def test_bounce_reasons(api: Api) -> None:
    record(refusals())
    rows = api.results("/deliverability/bounce-reason", f"{DAY}&metrics=count_bounce,count_outofband_bounce")
    assert rows == [
        {
            "reason": "550 unknown user",
            "bounce_class_name": "Invalid Recipient",
            "bounce_class_description": "recipient invalid",
            "bounce_category_id": 1,
            "bounce_category_name": "Hard",
            "classification_id": 10,
            "count_bounce": 3,
            "count_outofband_bounce": 1,
        },
        {
            "reason": "550 unknown user",
            "bounce_class_name": "Undetermined",
            "bounce_class_description": "response text not recognised",
            "bounce_category_id": 0,
            "bounce_category_name": "Undetermined",
            "classification_id": 1,
            "count_bounce": 1,
            "count_outofband_bounce": 0,
        },
    ]


def test_admin_bounces_and_rejections_are_shown_only_where_asked_for(api: Api) -> None:
    record(refusals())
    rows = api.results("/deliverability/bounce-classification")
    assert [(row["classification_id"], row["count_bounce"], row["count_admin_bounce"]) for row in rows] == [
        (10, 3, 0),
        (1, 1, 0),
        (25, 0, 5),
    ]
    rows = api.results("/deliverability/bounce-reason", f"{DAY}&metrics=count_admin_bounce&limit=1")
    assert [(row["reason"], row["count_admin_bounce"]) for row in rows] == [("554 suppressed", 2)]


def test_bounce_reasons_by_domain(api: Api) -> None:
    record(refusals())
    rows = api.results("/deliverability/bounce-reason/domain", f"{DAY}&metrics=count_bounce")
    assert [(row["domain"], row["classification_id"], row["count_bounce"]) for row in rows] == [
        ("a.test", 10, 2),
        ("a.test", 1, 1),
        ("b.test", 10, 1),
    ]


def test_rejection_reasons(api: Api) -> None:
    record(refusals())
    rows = api.results("/deliverability/rejection-reason")
    assert rows[0] == {
        "reason": "554 suppressed",
        "count_rejected": 2,
        "rejection_category_id": 2,
        "rejection_type": "Generation Rejection",
        "rejection_category_name": "Generation Rejection",
    }
    assert [(row["reason"], row["rejection_category_id"]) for row in rows[1:]] == [
        ("550 relaying", 1),
        ("554 line 4", 3),
    ]
    assert api.results("/deliverability/rejection-reason/domain")[0]["domain"] == "example.net"


def test_delay_reasons(api: Api) -> None:
    record(refusals())
    assert api.results("/deliverability/delay-reason") == [
        {"reason": "450 later", "count_delayed": 2, "count_delayed_first": 1},
        {"reason": "452 full", "count_delayed": 1, "count_delayed_first": 1},
    ]
    assert api.results("/deliverability/delay-reason/domain", f"{DAY}&domains=b.test") == [
        {"reason": "452 full", "domain": "b.test", "count_delayed": 1, "count_delayed_first": 1}
    ]


def test_attempts(api: Api) -> None:
    record([make_event(type=EventType.DELIVERY, num_retries=retries) for retries in (0, 0, 2, 5, 12)])
    assert api.results("/deliverability/attempt") == [
        {"attempt": "1", "count_delivered": 2},
        {"attempt": "3+", "count_delivered": 3},
    ]


# Lists and links


def test_lists_hold_what_occurs(api: Api) -> None:
    record(
        [
            make_event(campaign_id="spring_1", happened_at=NOON - timedelta(days=5)),
            make_event(campaign_id="Spring%2", subject_campaign="Hello"),
            make_event(campaign_id="", data={"node_name": "n1"}),
        ]
    )
    assert api.results("/campaigns", "") == {"campaigns": ["Spring%2", "spring_1"]}
    assert api.results("/campaigns", "match=g%25") == {"campaigns": ["Spring%2"]}
    assert api.results("/campaigns", "match=SPRING&limit=1") == {"campaigns": ["Spring%2"]}
    assert api.results("/campaigns", "from=2031-05-01T12:00") == {"campaigns": ["Spring%2"]}
    assert api.results("/campaigns", "to=2031-05-01T12:00&from=2031-01-01") == {"campaigns": ["spring_1"]}
    assert api.results("/subject-campaigns", "") == {"subject-campaigns": ["Hello"]}
    assert api.results("/nodes", "") == {"nodes": ["n1"]}
    assert api.refusal("/campaigns", "limit=0") == (400, "1200", "limit")
    assert api.refusal("/campaigns", "from=2031-05-01&to=2031-05-01") == (400, "1200", "from")


def test_the_summary_links_to_its_children(api: Api) -> None:
    _, body = api.ask("/deliverability", f"{DAY}&metrics=count_injected")
    assert body["links"][0] == {"href": "/api/v1/metrics/deliverability", "rel": "deliverability", "method": "GET"}
    assert {
        "href": "/api/v1/metrics/deliverability/bounce-reason/domain",
        "rel": "bounce-reason/domain",
        "method": "GET",
    } in body["links"]
    for link in body["links"]:
        status, _ = api.ask(
            link["href"].removeprefix("/api/v1/metrics"), f"{DAY}&metrics=count_injected,count_clicked"
        )
        assert status == 200
    _, body = api.ask("/")
    assert body["results"] == {}
    assert body["links"]
