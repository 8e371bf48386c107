"""The metrics API from outside: events into the log, HTTP requests out."""

from datetime import timedelta
from typing import Any

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
