"""Recipient lists over HTTP, with real keys, against every line of contract 30."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext

from momentum.lib import clock
from tests.api import Api, fault_of
from transmissions import list_store
from transmissions.models import ListChunk, RecipientList, Transmission
from transmissions.pipeline import expanding

pytestmark = pytest.mark.django_db

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)


@pytest.fixture
def api() -> Api:
    return Api("recipient_lists/manage")


def make_list(**changes: Any) -> dict[str, Any]:
    """The body of a small list; None leaves a key out."""
    body = {
        "id": "readers",
        "name": "Readers",
        "recipients": [{"address": {"email": "ines@example.net", "name": "Ines"}}, {"address": "omar@example.net"}],
        **changes,
    }
    return {key: value for key, value in body.items() if value is not None}


def created(api: Api, **changes: Any) -> str:
    answer = api.post("recipient-lists", make_list(**changes))
    assert answer.status_code == 200, answer.content
    return str(answer.json()["results"]["id"])


def results(answer: HttpResponse) -> Any:
    body = json.loads(answer.getvalue())
    assert "results" in body, body
    return body["results"]


def addresses(api: Api, key: str = "readers") -> list[str]:
    shown = results(api.get(f"recipient-lists/{key}", show_recipients="true"))
    return [recipient["address"]["email"] for recipient in shown["recipients"]]


def make_transmission(state: str = "submitted", **changes: Any) -> Transmission:
    stored = {
        "id": 7,
        "state": state,
        "list_id": "readers",
        "num_rcpts": 2,
        "block_time": 0,
        "created_at": NOON,
        "start_at": NOON,
        **changes,
    }
    return Transmission.objects.create(**stored)


# 1. Fields


@pytest.mark.parametrize(
    "field, value",
    [
        ("id", "x" * 65),
        ("id", "é" * 33),
        ("id", "rcptlist_9"),
        ("id", "a\0b"),
        ("id", "a\nb"),
        ("id", "/a"),
        ("id", ["a"]),
        ("id", True),
        ("name", "é" * 33),
        ("name", "a\0b"),
        ("name", 5),
        ("description", "x" * 1025),
        ("attributes", [1]),
        ("attributes", "text"),
        ("attributes", json.loads("[" * 120 + "]" * 120)),
        ("attributes", {"a": json.loads("[" * 120 + "]" * 120)}),
        ("recipients", {"address": "a@b.test"}),
        ("recipients", "a@b.test"),
        ("recipients", 1),
        ("recipients", True),
    ],
)
def test_a_field_of_the_wrong_form_is_1300_and_nothing_is_stored(api: Api, field: str, value: Any) -> None:
    status, code, description = fault_of(api.post("recipient-lists", make_list(**{field: value})))
    assert (status, code) == (422, "1300")
    assert field in description or "List id" in description
    assert not RecipientList.objects.exists()


@pytest.mark.parametrize("key", ["x" * 64, "é" * 32, "a b.c@d", "a/b", "Readers", "rcptlist", "%", "a?b", "12"])
def test_an_id_may_be_anything_that_an_address_can_carry(api: Api, key: str) -> None:
    assert created(api, id=key) == key
    address = "recipient-lists/" + "".join(f"%{byte:02X}" for byte in key.encode())
    assert results(api.get(address))["id"] == key
    assert results(api.get(address + "/"))["id"] == key


def test_ids_are_case_sensitive_and_numbers_are_taken_as_text(api: Api) -> None:
    created(api, id="readers")
    created(api, id="Readers")
    assert created(api, id=55) == "55"
    assert results(api.put("recipient-lists/55", {"id": 55}))["id"] == "55"


def test_without_id_and_name_the_id_is_made_of_digits_and_names_the_list(api: Api) -> None:
    for given in ({}, {"id": "", "name": ""}, {"id": None, "name": None}):
        body = {"recipients": [{"address": "a@b.test"}], **given}
        made = results(api.post("recipient-lists", body))
        assert made["id"].isdecimal()
        assert made["name"] == made["id"]


def test_defaults_limits_and_nul_in_a_description(api: Api) -> None:
    created(api, id="plain", name="")
    assert results(api.get("recipient-lists/plain")) == {
        "id": "plain",
        "name": "plain",
        "description": "",
        "attributes": {},
        "total_accepted_recipients": 2,
    }
    created(api, id="full", name="é" * 32, description="é" * 512)
    created(api, id="nul", description="a\0b")
    assert results(api.get("recipient-lists/nul"))["description"] == "ab"


def test_attributes_come_back_as_they_were_sent(api: Api) -> None:
    attributes = {"z": 1, "a": [True, None, {"n": 123456789012345678901234567890}], "ü": "<&>"}
    created(api, attributes=attributes)
    shown = results(api.get("recipient-lists/readers"))["attributes"]
    assert shown == attributes
    assert list(shown) == list(attributes)
    results(api.put("recipient-lists/readers", {"attributes": {"only": 1}}))
    assert results(api.get("recipient-lists/readers"))["attributes"] == {"only": 1}
    for empty in ([], "", {}):
        results(api.put("recipient-lists/readers", {"attributes": empty}))
        assert results(api.get("recipient-lists/readers"))["attributes"] == {}


def test_recipients_keep_their_data_but_not_their_options(api: Api) -> None:
    recipient = {
        "address": {"email": "Ines@example.net", "name": 'Inês, "I"', "header_to": ""},
        "return_path": "bounce@example.net",
        "tags": ["reader", "pt"],
        "metadata": {"uid": 7, "deep": {"a": [1]}},
        "substitution_data": {"city": "Faro"},
    }
    sent = [
        {**recipient, "options": {"open_tracking": True}, "more": 1},
        {"address": "o@example.net", "options": {}},
    ]
    created(api, recipients=sent)
    shown = results(api.get("recipient-lists/readers", show_recipients="true"))
    assert shown["recipients"] == [recipient, {"address": {"email": "o@example.net"}}]
    assert shown["total_accepted_recipients"] == 2


# 2. Create


@pytest.mark.parametrize("path", ["recipient-lists", "recipient-lists/"])
def test_the_answer_to_a_valid_list(api: Api, path: str) -> None:
    answer = api.post(path, make_list())
    assert answer.status_code == 200
    assert answer.json() == {
        "results": {
            "total_rejected_recipients": 0,
            "total_accepted_recipients": 2,
            "id": "readers",
            "name": "Readers",
        }
    }


def test_bad_recipients_are_listed_and_the_others_kept_in_order_duplicates_included(api: Api) -> None:
    sent = [
        {"address": "b@example.net"},
        "b@example.net",
        {"address": {"name": "nobody"}},
        {"address": "a@example.net"},
        {"address": "not an address"},
        {"address": "b@example.net", "metadata": {"x": "y" * 10240}},
        {"address": "b@example.net", "substitution_data": {"x": "y" * 102400}},
        {"address": "b@example.net", "tags": "reader"},
        {"address": "b@example.net"},
    ]
    answer = api.post("recipient-lists", make_list(recipients=sent))
    assert answer.status_code == 200
    body = answer.json()
    assert body["errors"] == [{"message": "List created with validation errors", "code": "5000"}]
    assert body["results"]["total_accepted_recipients"] == 3
    assert body["results"]["total_rejected_recipients"] == 6
    codes = [error["code"] for error in body["results"]["rcpt_to_errors"]]
    assert codes == ["1300", "1400", "1300", "2007", "2002", "1300"]
    assert body["results"]["rcpt_to_errors"][0]["description"] == "recipient is not a JSON object"
    assert addresses(api) == ["b@example.net", "a@example.net", "b@example.net"]


@pytest.mark.parametrize("recipients", [[], ["a@b.test"], [{"address": "nobody"}, {}]])
def test_without_a_valid_recipient_there_is_no_list(api: Api, recipients: list[Any]) -> None:
    answer = api.post("recipient-lists", make_list(recipients=recipients))
    body = answer.json()
    assert answer.status_code == 400
    assert [error["code"] for error in body["errors"]] == ["5002"]
    assert body["errors"][0]["message"] == "At least one valid recipient is required"
    assert len(body["results"]["rcpt_to_errors"]) == len(recipients)
    assert body["results"]["total_accepted_recipients"] == 0
    assert "id" not in body["results"]
    assert not RecipientList.objects.exists()


def test_an_id_is_taken_once(api: Api) -> None:
    created(api)
    answer = api.post("recipient-lists", make_list(name="Other", recipients=[{"address": "x@y.test"}]))
    assert fault_of(answer) == (400, "5001", "List 'readers' already exists")
    assert addresses(api) == ["ines@example.net", "omar@example.net"]


def test_missing_recipients_are_1400_beside_the_other_faults(api: Api) -> None:
    for body in ({"id": "a"}, {"id": "a", "recipients": None}, {}, []):
        assert fault_of(api.post("recipient-lists", body)) == (422, "1400", "recipients is a required field")
    faults = api.post("recipient-lists", {"name": 5}).json()["errors"]
    assert [fault["code"] for fault in faults] == ["1300", "1400"]


# 8.1 num_rcpt_errors


@pytest.mark.parametrize(
    "query, body, shown",
    [
        ("", None, 3),
        ("?num_rcpt_errors=2", None, 2),
        ("", 1, 1),
        ("", "1", 1),
        ("?num_rcpt_errors=0", 2, 0),
        ("", 0, 0),
        ("?num_rcpt_errors=1", "many", 1),
        ("?num_rcpt_errors=", 2, 2),
    ],
)
def test_num_rcpt_errors_limits_the_array_only(api: Api, query: str, body: Any, shown: int) -> None:
    sent = make_list(recipients=[{"address": "a@b.test"}, "x", {}, 7], num_rcpt_errors=body)
    created_answer = api.post(f"recipient-lists{query}", sent).json()["results"]
    updated = api.put(f"recipient-lists/readers{query}", sent).json()["results"]
    for answer in (created_answer, updated):
        assert len(answer["rcpt_to_errors"]) == shown
        assert answer["total_rejected_recipients"] == 3


def test_num_rcpt_errors_of_another_type_is_1200(api: Api) -> None:
    for query, body in (
        ("?num_rcpt_errors=x", None),
        ("?num_rcpt_errors=-1", None),
        ("", "x"),
        ("", -1),
        ("", True),
    ):
        answer = api.post(f"recipient-lists{query}", make_list(num_rcpt_errors=body))
        assert fault_of(answer)[:2] == (400, "1200"), (query, body)
        assert answer.json()["errors"][0]["param"] == "num_rcpt_errors"


# 3. Read


def test_all_lists_come_by_id_without_recipients(api: Api) -> None:
    assert results(api.get("recipient-lists")) == []
    for key in ("b", "a", "B"):
        created(api, id=key, name="Same name", description="d", attributes={"k": 1})
    rows = results(api.get("recipient-lists/"))
    assert [row["id"] for row in rows] == ["B", "a", "b"]
    assert rows[0] == {
        "id": "B",
        "name": "Same name",
        "description": "d",
        "attributes": {"k": 1},
        "total_accepted_recipients": 2,
    }


@pytest.mark.parametrize(
    "value, shown",
    [("true", True), ("TRUE", True), ("1", True), ("false", False), ("0", False), ("", False), (None, False)],
)
def test_show_recipients(api: Api, value: str | None, shown: bool) -> None:
    created(api)
    query = {} if value is None else {"show_recipients": value}
    answer = api.get("recipient-lists/readers", **query)
    assert answer["Content-Type"].startswith("application/json")
    assert ("recipients" in results(answer)) is shown


def test_a_bad_show_recipients_is_1200_and_an_unknown_list_1600(api: Api) -> None:
    created(api)
    assert fault_of(api.get("recipient-lists/readers", show_recipients="maybe"))[:2] == (400, "1200")
    for query in ({}, {"show_recipients": "1"}):
        assert fault_of(api.get("recipient-lists/nothing", **query)) == (
            404,
            "1600",
            "List 'nothing' does not exist",
        )
    assert fault_of(api.put("recipient-lists/nothing", {"id": "other"}))[:2] == (404, "1600")
    assert fault_of(api.delete("recipient-lists/nothing"))[:2] == (404, "1600")


# 4. Update


def test_only_the_keys_given_change(api: Api) -> None:
    created(api, description="d", attributes={"a": 1})
    assert api.put("recipient-lists/readers", {"name": "New"}).json() == {
        "results": {"id": "readers", "name": "New"}
    }
    assert results(api.get("recipient-lists/readers")) == {
        "id": "readers",
        "name": "New",
        "description": "d",
        "attributes": {"a": 1},
        "total_accepted_recipients": 2,
    }
    results(api.put("recipient-lists/readers/", {"description": ""}))
    assert results(api.get("recipient-lists/readers"))["description"] == ""


def test_a_put_of_nothing_but_null_changes_nothing(api: Api) -> None:
    created(api, description="d", attributes={"a": 1})
    before = results(api.get("recipient-lists/readers"))
    for body in (
        dict.fromkeys(("id", "name", "description", "attributes", "recipients", "num_rcpt_errors")),
        {},
        [],
    ):
        assert results(api.put("recipient-lists/readers", body)) == {"id": "readers", "name": "Readers"}
    assert results(api.get("recipient-lists/readers")) == before
    assert addresses(api) == ["ines@example.net", "omar@example.net"]


def test_recipients_are_replaced_as_a_whole(api: Api) -> None:
    created(api)
    answer = api.put("recipient-lists/readers", {"recipients": [{"address": "new@example.net"}, "x"]})
    assert answer.json()["errors"][0]["code"] == "5000"
    assert results(answer).items() >= {"total_accepted_recipients": 1, "total_rejected_recipients": 1}.items()
    assert len(results(answer)["rcpt_to_errors"]) == 1
    assert addresses(api) == ["new@example.net"]
    fine = api.put("recipient-lists/readers", {"recipients": [{"address": "a@b.test"}]}).json()
    assert fine == {
        "results": {
            "id": "readers",
            "name": "Readers",
            "total_accepted_recipients": 1,
            "total_rejected_recipients": 0,
        }
    }


@pytest.mark.parametrize(
    "body, status, code",
    [
        ({"name": "New", "recipients": []}, 400, "5002"),
        ({"name": "New", "recipients": ["a@b.test"]}, 400, "5002"),
        ({"name": "New", "recipients": {}}, 422, "1300"),
        ({"name": "New", "id": "other"}, 422, "1300"),
        ({"name": "New", "description": 5}, 422, "1300"),
        ('{"name": "New", "recipients": [{"address": "a@b.test", "metadata": {"x": "\\ud800"}}]}', 400, "1305"),
        ('{"name": "New", "recipients": [', 400, "1300"),
    ],
)
def test_a_refused_update_leaves_everything_as_it_was(api: Api, body: Any, status: int, code: str) -> None:
    created(api)
    assert fault_of(api.put("recipient-lists/readers", body))[:2] == (status, code)
    assert results(api.get("recipient-lists/readers"))["name"] == "Readers"
    assert addresses(api) == ["ines@example.net", "omar@example.net"]


def test_a_body_id_that_differs_is_named(api: Api) -> None:
    created(api)
    assert fault_of(api.put("recipient-lists/readers", {"id": "x"}))[2] == (
        "List id 'x' does not match the list being updated"
    )


def test_what_get_shows_can_be_put_back(api: Api) -> None:
    sent = [
        {"address": {"email": "ines@example.net", "header_to": ""}, "tags": ["a"]},
        {"address": "o@example.net"},
    ]
    created(api, recipients=sent)
    shown = results(api.get("recipient-lists/readers", show_recipients="true"))
    for recipient in shown["recipients"]:
        recipient["return_path"] = ""
    del shown["name"]
    shown["total_accepted_recipients"] = 99
    assert api.put("recipient-lists/readers", shown).json()["results"]["total_accepted_recipients"] == 2
    again = results(api.get("recipient-lists/readers", show_recipients="true"))
    assert again["recipients"][0] == {"address": {"email": "ines@example.net", "header_to": ""}, "tags": ["a"]}
    assert (again["name"], again["total_accepted_recipients"]) == ("Readers", 2)


@pytest.mark.parametrize("path", ["recipient-lists", "recipient-lists/"])
def test_put_and_delete_need_an_id(api: Api, path: str) -> None:
    assert fault_of(api.put(path, {})) == (400, "1101", "PUT requires a recipient list id in the URI")
    assert fault_of(api.delete(path)) == (400, "1101", "DELETE requires a recipient list id in the URI")


# 4., 5. In use


@pytest.mark.parametrize(
    "state, starts_in, updatable, deletable",
    [
        ("submitted", timedelta(minutes=10, seconds=1), True, False),
        ("submitted", timedelta(minutes=10), False, False),
        ("submitted", timedelta(0), False, False),
        ("Generating", timedelta(days=1), False, False),
        ("Success", timedelta(0), True, True),
        ("Canceled", timedelta(minutes=5), True, True),
    ],
)
def test_a_list_in_use_is_1602(
    api: Api,
    monkeypatch: pytest.MonkeyPatch,
    state: str,
    starts_in: timedelta,
    updatable: bool,
    deletable: bool,
) -> None:
    created(api)
    monkeypatch.setattr(clock, "now", lambda: NOON)
    make_transmission(state, start_at=NOON + starts_in)
    in_use = (409, "1602", "List 'readers' is in use by msg generation")
    update = api.put("recipient-lists/readers", {"name": "New"})
    assert update.status_code == 200 if updatable else fault_of(update) == in_use
    removal = api.delete("recipient-lists/readers")
    assert removal.status_code == 200 if deletable else fault_of(removal) == in_use
    assert RecipientList.objects.exists() is not deletable


def test_another_list_in_use_does_not_matter(api: Api) -> None:
    created(api)
    make_transmission("Generating", list_id="Readers")
    assert api.put("recipient-lists/readers", {"name": "New"}).status_code == 200


@contextmanager
def held_by_another_request(key: str) -> Iterator[None]:
    """A second connection's transaction that is writing to the list."""
    other = connections.create_connection("default")
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [list_store._LOCK_SPACE, key])
        yield
    finally:
        # Closing alone would let go of the lock whenever the server notices.
        other.rollback()
        other.close()


def test_two_writers_at_once_are_1602(api: Api) -> None:
    created(api)
    created(api, id="other")
    in_use = (409, "1602", "List 'readers' is in use by another request")
    with held_by_another_request("readers"):
        assert fault_of(api.put("recipient-lists/readers", {"name": "New"})) == in_use
        assert fault_of(api.delete("recipient-lists/readers")) == in_use
        assert api.get("recipient-lists/readers").status_code == 200
        assert api.put("recipient-lists/other", {"name": "New"}).status_code == 200
    # A lock of this test's transaction would be ours to take again: what counts is that it was let go.
    assert api.put("recipient-lists/readers", {"name": "New"}).status_code == 200


def test_numbers_are_given_to_the_recipients_of_a_list_only_while_nobody_writes_to_it(api: Api) -> None:
    created(api)
    transmission = make_transmission(start_at=clock.now(), is_expanded=False)
    with held_by_another_request("readers"), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '100ms'")
        with pytest.raises(OperationalError, match="lock timeout"), transaction.atomic():
            expanding.expand_due()
        cursor.execute("SET LOCAL lock_timeout = 0")
    expanding.expand_due()
    assert [chunk.size for chunk in transmission.chunks.all()] == [2]


# 5. Delete


def test_a_free_list_is_deleted_with_its_recipients(api: Api) -> None:
    created(api)
    answer = api.delete("recipient-lists/readers/")
    assert (answer.status_code, answer.json()) == (200, {})
    assert not ListChunk.objects.exists()
    assert fault_of(api.delete("recipient-lists/readers"))[:2] == (404, "1600")


# Grants


def test_only_the_grant_opens_lists() -> None:
    other = Api("transmissions/modify", "templates/modify")
    for answer in (
        other.get("recipient-lists"),
        other.post("recipient-lists", make_list()),
        other.get("recipient-lists/x"),
        other.put("recipient-lists/x", {}),
        other.delete("recipient-lists/x"),
    ):
        assert fault_of(answer)[:2] == (403, "1100")


# 8.7 Long lists


def test_a_list_of_100_000_is_read_and_shown_in_pieces(api: Api) -> None:
    recipients = ",".join(f'{{"address":{{"email":"reader{n}@example.net"}}}}' for n in range(100_000))
    answer = api.post("recipient-lists", f'{{"id":"readers","recipients":[{recipients}]}}')
    assert answer.json()["results"]["total_accepted_recipients"] == 100_000
    with CaptureQueriesContext(
        connection,
    ) as head:
        assert results(api.get("recipient-lists/readers"))["total_accepted_recipients"] == 100_000
        assert results(api.get("recipient-lists"))[0]["total_accepted_recipients"] == 100_000
    assert "listchunk" not in "".join(query["sql"] for query in head)
    shown = api.get("recipient-lists/readers", show_recipients="true")
    assert shown.streaming
    pieces = list(shown.streaming_content)
    assert len(pieces) >= 100_000 / 500
    body = json.loads(b"".join(pieces))
    assert body["results"]["recipients"][99_999] == {"address": {"email": "reader99999@example.net"}}
    with transaction.atomic(), CaptureQueriesContext(connection) as removal:
        api.delete("recipient-lists/readers")
    assert "SELECT" not in "".join(q["sql"] for q in removal if "listchunk" in q["sql"]).replace("SELECT pg_", "")
