"""POST, GET, list and DELETE of transmissions, without a worker (contract 10)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api import Api, fault_of, make_transmission
from tracking.models import Option
from transmissions.chunks import unpack
from transmissions.models import Chunk, Message, Transmission

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> Api:
    return Api()


def accepted(api: Api, **changes: Any) -> str:
    answer = api.post("transmissions", make_transmission(**changes))
    assert answer.status_code == 200, answer.content
    return str(answer.json()["results"]["id"])


def shown(api: Api, transmission_id: str) -> dict[str, Any]:
    return dict(api.get(f"transmissions/{transmission_id}").json()["results"]["transmission"])


@pytest.mark.parametrize("path", ["transmissions", "transmissions/"])
def test_the_answer_has_exactly_the_counts_and_a_numeric_id(api: Api, path: str) -> None:
    answer = api.post(path, make_transmission())
    results = answer.json()["results"]
    assert answer.status_code == 200
    assert list(answer.json()) == ["results"]
    assert results.pop("id").isdecimal()
    assert results == {"total_rejected_recipients": 0, "total_accepted_recipients": 1}


def test_bad_recipients_are_counted_and_the_others_taken(api: Api) -> None:
    sent = [
        {"address": "ines@example.net"},
        {"address": "ana-at-example.org"},
        "x",
        {"address": "omar@example.net"},
    ]
    answer = api.post("transmissions", make_transmission(recipients=sent)).json()
    assert answer["errors"] == [
        {
            "message": "transmission created, but with validation errors",
            "code": "2000",
            "description": "message submitted for generation successfully",
        }
    ]
    results = answer["results"]
    assert (results["total_accepted_recipients"], results["total_rejected_recipients"]) == (2, 2)
    assert [error["code"] for error in results["rcpt_to_errors"]] == ["1300", "1300"]
    (chunk,) = Chunk.objects.filter(transmission_id=int(results["id"]))
    assert [one.email for one in unpack(chunk.recipients)] == ["ines@example.net", "omar@example.net"]


def test_num_rcpt_errors_limits_the_array_alone_and_the_query_wins(api: Api) -> None:
    body = make_transmission(recipients=[{"address": "a@b.test"}, {}, {}, {}], num_rcpt_errors=2)
    in_body = api.post("transmissions", body).json()["results"]
    in_query = api.post("transmissions?num_rcpt_errors=0", body).json()["results"]
    assert (len(in_body["rcpt_to_errors"]), in_body["total_rejected_recipients"]) == (2, 3)
    assert (in_query["rcpt_to_errors"], in_query["total_rejected_recipients"]) == ([], 3)
    assert fault_of(api.post("transmissions?num_rcpt_errors=x", body))[:2] == (400, "1200")


@pytest.mark.parametrize("recipients", [[], [{}], ["x", 5]])
def test_without_a_valid_recipient_nothing_is_created(api: Api, recipients: list[Any]) -> None:
    answer = api.post("transmissions", make_transmission(recipients=recipients))
    assert fault_of(answer)[:2] == (400, "5002")
    assert answer.json()["results"]["total_rejected_recipients"] == len(recipients)
    assert "id" not in answer.json()["results"]
    assert not Transmission.objects.exists()


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"content": {"template_id": "nope"}}, (422, "1603", "template 'nope' does not exist")),
        ({"recipients": {"list_id": "nope"}}, (422, "1603", "List 'nope' does not exist")),
        ({"recipients": {"list_id": 55}}, (422, "1603", "List '55' does not exist")),
    ],
)
def test_what_is_named_has_to_exist(api: Api, changes: dict[str, Any], expected: tuple[int, str, str]) -> None:
    assert fault_of(api.post("transmissions", make_transmission(**changes))) == expected


def test_a_syntax_error_is_refused_with_part_and_line(api: Api) -> None:
    content = {"from": "a@b.test", "subject": "x", "text": "one\n{{ name"}
    answer = api.post("transmissions", make_transmission(content=content))
    error = answer.json()["errors"][0]
    assert answer.status_code == 422
    assert (error["code"], error["part"], error["line"]) == ("3000", "text", 2)


def test_a_caller_that_opted_in_gets_syntax_errors_as_events(api: Api) -> None:
    content = {"from": "a@b.test", "subject": "x", "text": "{{ name"}
    answer = api.post("transmissions", make_transmission(content=content), **{"X-MSYS-OPT-IN": "1"})
    assert answer.status_code == 200


def test_an_installation_may_want_them_as_events_too(api: Api, settings: Any) -> None:
    settings.ASYNC_VALIDATION = True
    content = {"from": "a@b.test", "subject": "x", "text": "{{ name"}
    assert api.post("transmissions", make_transmission(content=content)).status_code == 200


def test_get_shows_what_was_asked_for(api: Api) -> None:
    transmission_id = accepted(
        api,
        description="Spring letter",
        return_path="bounce@mail.example.org",
        metadata={"issue": 12, "big": 9007199254740993},
        substitution_data={"city": "Porto"},
        options={"open_tracking": True, "click_tracking": None, "start_time": "2026-01-01T00:00:00Z"},
        recipients=[{"address": f"r{number}@example.net"} for number in range(201)],
    )
    assert shown(api, transmission_id) == {
        "id": transmission_id,
        "state": "submitted",
        "description": "Spring letter",
        "campaign_id": "spring-31",
        "content": {"template_id": "inline"},
        "return_path": "bounce@mail.example.org",
        "rcpt_list_chunk_size": 100,
        "rcpt_list_total_chunks": 3,
        "num_rcpts": 201,
        "num_generated": 0,
        "num_failed_gen": 0,
        "num_invalid_recipients": 0,
        "total_recipients": 201,
        "num_failed_generation": 0,
        "substitution_data": {"city": "Porto"},
        "metadata": {"issue": 12, "big": 9007199254740993},
        "options": {"start_time": "2026-01-01T00:00:00Z", "open_tracking": True},
    }


@pytest.mark.parametrize(
    "path, expected",
    [("x7", (400, "2001")), ("77", (404, "1600")), ("9" * 21, (404, "1600")), ("9" * 19, (404, "1600"))],
)
def test_an_id_that_names_nothing(api: Api, path: str, expected: tuple[int, str]) -> None:
    assert fault_of(api.get(f"transmissions/{path}"))[:2] == expected
    assert fault_of(api.delete(f"transmissions/{path}"))[:2] == expected


def test_the_list_is_newest_first_and_leaves_single_recipients_out(api: Api) -> None:
    two = [{"address": "a@b.test"}, {"address": "c@d.test"}]
    first = accepted(api, recipients=two, campaign_id="one")
    second = accepted(api, recipients=two, campaign_id="")
    accepted(api)
    scheduled = accepted(api, options={"start_time": (datetime.now(UTC) + timedelta(hours=2)).isoformat()})
    listed = [row["id"] for row in api.get("transmissions").json()["results"]]
    assert listed == [scheduled, second, first]
    assert api.get("transmissions", campaign_id="one").json()["results"] == [
        {
            "id": first,
            "state": "submitted",
            "campaign_id": "one",
            "description": "",
            "content": {"template_id": "inline"},
        }
    ]
    assert [row["id"] for row in api.get("transmissions", campaign_id="").json()["results"]] == [second]
    assert api.get("transmissions", campaign_id="none").json()["results"] == []
    assert api.get("transmissions", template_id="inline").json()["results"] == []


def later(**delta: int) -> dict[str, str]:
    return {"start_time": (datetime.now(UTC) + timedelta(**delta)).isoformat()}


def test_a_scheduled_transmission_can_be_deleted_once(api: Api) -> None:
    transmission_id = accepted(api, options=later(hours=1))
    assert api.delete(f"transmissions/{transmission_id}").status_code == 204
    assert shown(api, transmission_id)["state"] == "Canceled"
    assert fault_of(api.delete(f"transmissions/{transmission_id}"))[:2] == (409, "2006")


def test_deletion_ends_with_the_configured_window(api: Api) -> None:
    soon = accepted(api, options=later(minutes=5))
    expected = "Deletion time window (600 seconds) doesn't permit transmission deletion"
    assert fault_of(api.delete(f"transmissions/{soon}")) == (409, "2003", expected)
    Option.objects.create(name="scheduled_interval_delete", value=60)
    assert api.delete(f"transmissions/{soon}").status_code == 204


def test_a_transmission_under_way_cannot_be_deleted(api: Api) -> None:
    transmission_id = accepted(api)
    Transmission.objects.update(state="Generating")
    status, code, description = fault_of(api.delete(f"transmissions/{transmission_id}"))
    assert (status, code) == (409, "2006")
    assert description.endswith("is in progress (state=Generating)")


def test_deleting_a_campaign_cancels_what_is_not_generated(api: Api) -> None:
    ours, other = accepted(api, campaign_id="one"), accepted(api, campaign_id="two")
    assert api.delete("transmissions?campaign_id=one").status_code == 204
    assert shown(api, ours)["state"] == "Canceled"
    assert shown(api, other)["state"] == "submitted"
    assert api.delete("transmissions?campaign_id=none").status_code == 204
    for path in ("transmissions", "transmissions?campaign_id="):
        assert fault_of(api.delete(path))[:2] == (400, "1401")


def test_a_single_transmission_cannot_be_put(api: Api) -> None:
    assert fault_of(api.put("transmissions/7", {}))[:2] == (405, "1102")


def test_a_key_without_the_grant_is_refused() -> None:
    assert fault_of(Api("transmissions/view").post("transmissions", make_transmission()))[:2] == (403, "1100")


def test_the_horizon_of_scheduling_is_an_option(api: Api) -> None:
    Option.objects.create(name="start_time_max_schedule_interval", value=3600)
    body = make_transmission(options=later(hours=2))
    assert fault_of(api.post("transmissions", body))[:2] == (422, "1300")


def test_a_hundred_thousand_recipients_take_no_row_each(api: Api) -> None:
    recipients = [{"address": f"r{number}@example.net", "metadata": {"uid": number}} for number in range(100_000)]
    transmission_id = accepted(api, recipients=recipients)
    chunks = Chunk.objects.filter(transmission_id=int(transmission_id)).order_by("position")
    assert [chunk.size for chunk in chunks] == [500] * 200
    assert [chunk.first_number - chunks[0].first_number for chunk in chunks[:3]] == [0, 500, 1000]
    assert unpack(chunks[199].recipients)[-1].metadata == {"uid": 99_999}
    assert not Message.objects.exists()
