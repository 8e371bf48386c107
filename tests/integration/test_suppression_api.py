"""The suppression list through the API (contract 95 §1, §11)."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from momentum.lib import clock
from tests.api import Api, fault_of
from transmissions.models import Suppression

pytestmark = pytest.mark.django_db

UPDATED = {"results": {"message": "Suppression List successfully updated"}}


@pytest.fixture
def api() -> Api:
    return Api("suppression_lists/manage")


def entry(recipient: str = "ines@example.net", kind: str = "non_transactional", **changes: Any) -> dict[str, Any]:
    return {"recipient": recipient, "type": kind, **changes}


def put(api: Api, *entries: Any) -> Any:
    return api.put("suppression-list", {"recipients": list(entries)})


def stored() -> set[tuple[str, ...]]:
    return set(Suppression.objects.values_list("recipient", "type", "list_id"))


def message_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["message"]


def protect(recipient: str = "legal@example.net", kind: str = "non_transactional") -> None:
    now = clock.now()
    Suppression.objects.create(
        recipient=recipient,
        domain="example.net",
        type=kind,
        source="Compliance",
        description="court order",
        created_at=now,
        updated_at=now,
    )


def test_entries_are_written_and_shown(api: Api) -> None:
    assert (
        put(api, entry(description="asked by telephone"), entry("Bo@Example.net", "transactional")).json()
        == UPDATED
    )
    shown = api.get("suppression-list/ines@example.net").json()
    (first,) = shown["results"]
    assert first.pop("created") == first.pop("updated")
    assert first == {
        "recipient": "ines@example.net",
        "type": "non_transactional",
        "non_transactional": True,
        "source": "Manually Added",
        "description": "asked by telephone",
    }
    assert (shown["links"], shown["total_count"]) == ([], 1)
    (second,) = api.get("suppression-list/bo@example.net").json()["results"]
    assert datetime.fromisoformat(second["updated"]) <= clock.now()
    assert second["updated"].endswith("+00:00")
    assert (second["recipient"], second["transactional"]) == ("bo@example.net", True)
    assert "description" not in second
    assert "non_transactional" not in second


def test_one_recipient_is_written_by_its_path(api: Api) -> None:
    body = {"type": "transactional", "recipient": "other@example.net", "email": "other@example.net"}
    assert api.put("suppression-list/ines@example.net", body).json() == UPDATED
    assert stored() == {("ines@example.net", "transactional", "")}
    assert message_of(api.put("suppression-list/nobody", body)) == (
        400,
        "PUT body contains 1 invalid or malformed recipient(s): nobody",
    )


@pytest.mark.parametrize(
    "path, recipient",
    [
        ("ines+news@example.net", "ines+news@example.net"),
        ("ines%2Bnews%40example.net", "ines+news@example.net"),
        ("INES@Example.NET", "ines@example.net"),
        (quote("jürgen@münchen.test"), "jürgen@xn--mnchen-3ya.test"),
        ("a%2Fb@example.net", "a/b@example.net"),
        (quote('"a b"@example.net'), '"a b"@example.net'),
        ("summary@example.net", "summary@example.net"),
    ],
)
def test_any_address_can_stand_in_the_path(api: Api, path: str, recipient: str) -> None:
    for form in (path, f"{path}/"):
        assert api.put(f"suppression-list/{form}", {"type": "transactional"}).status_code == 200
    assert stored() == {(recipient, "transactional", "")}
    assert api.get(f"suppression-list/{path}").json()["results"][0]["recipient"] == recipient
    assert api.delete(f"suppression-list/{path}").status_code == 204
    assert stored() == set()


def test_the_older_form_is_understood_beside_the_new_one(api: Api) -> None:
    put(api, entry("old@example.net", "transactional"))
    answer = put(
        api,
        {"email": "a@example.net", "transactional": True, "non_transactional": True, "description": "both"},
        {"email": "b@example.net", "transactional": "true", "non_transactional": None},
        {"email": "old@example.net", "transactional": False, "non_transactional": True},
        {
            "recipient": "c@example.net",
            "email": "ignored@example.net",
            "type": "transactional",
            "transactional": False,
        },
    )
    assert answer.json() == UPDATED
    assert stored() == {
        ("a@example.net", "transactional", ""),
        ("a@example.net", "non_transactional", ""),
        ("b@example.net", "transactional", ""),
        ("old@example.net", "non_transactional", ""),
        ("c@example.net", "transactional", ""),
    }
    assert (
        api.put("suppression-list/a@example.net", {"transactional": False, "non_transactional": 0}).json()
        == UPDATED
    )
    assert fault_of(api.get("suppression-list/a@example.net"))[:2] == (404, "1600")


def test_of_the_same_recipient_the_last_counts_for_each_type(api: Api) -> None:
    put(
        api,
        entry(description="first"),
        entry(kind="transactional", description="other type"),
        entry("INES@example.net", description="last"),
        {"recipient": "x@example.net", "transactional": False},
        entry("x@example.net", "transactional"),
        entry("y@example.net", "transactional"),
        {"recipient": "y@example.net", "transactional": False},
    )
    found = api.get("suppression-list/ines@example.net").json()["results"]
    assert {one["type"]: one["description"] for one in found} == {
        "non_transactional": "last",
        "transactional": "other type",
    }
    assert ("x@example.net", "transactional", "") in stored()
    assert fault_of(api.get("suppression-list/y@example.net"))[0] == 404


def test_a_repeated_entry_is_refreshed(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    put(api, entry(description="kept"))
    later = clock.now() + timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    put(api, entry())
    (found,) = api.get("suppression-list/ines@example.net").json()["results"]
    assert found["description"] == "kept"
    assert found["created"] < found["updated"]
    put(api, entry(description=""))
    assert "description" not in api.get("suppression-list/ines@example.net").json()["results"][0]


def test_an_entry_of_one_list_stands_beside_the_others(api: Api) -> None:
    put(api, entry(), entry(list_id="News.example.org"), entry(list_id="offers.example.org"))
    results = api.get("suppression-list/ines@example.net").json()["results"]
    assert [one.get("list_id") for one in results] == [None, "news.example.org", "offers.example.org"]
    assert api.get("suppression-list", list_id="NEWS.example.org").json()["total_count"] == 1


@pytest.mark.parametrize(
    "body, expected",
    [
        ({"recipients": [{"recipient": "a@example.net"}]}, (400, "Must supply a suppression type")),
        (
            {"recipients": [{"recipient": "a@example.net", "type": None, "transactional": None}]},
            (400, "Must supply a suppression type"),
        ),
        (
            {"recipients": [entry(kind="marketing")]},
            (400, "Type must be one of: 'transactional', 'non_transactional'"),
        ),
        (
            {"recipients": [{"recipient": "a@example.net", "type": 5}]},
            (400, "Type must be one of: 'transactional', 'non_transactional'"),
        ),
        (
            {"recipients": [entry("nobody"), entry(), entry("a b@example.net")]},
            (400, "PUT body contains 2 invalid or malformed recipient(s): nobody, a b@example.net"),
        ),
        (
            {"recipients": ["ines@example.net", None, {"type": "transactional"}, entry("nul\0@example.net")]},
            (
                400,
                "PUT body contains 4 invalid or malformed recipient(s): (none), (none), (none), nul\0@example.net",
            ),
        ),
        ({"recipients": [entry(list_id=".news")]}, (400, "list_id must be an RFC 2919 label")),
        ({"recipients": [entry(list_id="a..b")]}, (400, "list_id must be an RFC 2919 label")),
        ({"recipients": [entry(list_id="<a.b>")]}, (400, "list_id must be an RFC 2919 label")),
        ({"recipients": [entry(list_id="x" * 256)]}, (400, "list_id must be an RFC 2919 label")),
        ({"recipients": [entry(list_id=7)]}, (422, "invalid data format/type/length")),
        ({"recipients": [entry(description="x" * 1025)]}, (422, "invalid data format/type/length")),
        ({"recipients": [entry(description=["x"])]}, (422, "invalid data format/type/length")),
        (
            {"recipients": [{"email": "a@example.net", "transactional": "x"}]},
            (422, "invalid data format/type/length"),
        ),
        ({"recipients": {}}, (422, "invalid data format/type/length")),
        ({"recipients": None}, (422, "required field is missing")),
        ({}, (422, "required field is missing")),
        ([], (422, "required field is missing")),
        ({"recipients": []}, (400, "At least one valid recipient is required")),
    ],
)
def test_a_faulty_bulk_is_refused_as_a_whole(api: Api, body: Any, expected: tuple[int, str]) -> None:
    if isinstance(body, dict) and body.get("recipients"):
        body["recipients"] = (
            [*body["recipients"], entry("fine@example.net")]
            if isinstance(body["recipients"], list)
            else body["recipients"]
        )
    assert message_of(api.put("suppression-list", body)) == expected
    assert stored() == set()


def test_every_fault_of_a_bulk_is_listed_once(api: Api) -> None:
    answer = put(api, entry(kind="x"), entry(kind="y"), {"recipient": "a@example.net"}, entry("nobody"))
    assert [fault["message"] for fault in answer.json()["errors"]] == [
        "Type must be one of: 'transactional', 'non_transactional'",
        "Must supply a suppression type",
        "PUT body contains 1 invalid or malformed recipient(s): nobody",
    ]


def test_a_bulk_has_at_most_ten_thousand_entries(api: Api) -> None:
    addresses = [f"r{number}@example.net" for number in range(10_001)]
    assert fault_of(put(api, *map(entry, addresses)))[:2] == (422, "1300")
    assert stored() == set()
    assert put(api, *map(entry, addresses[:10_000])).json() == UPDATED
    assert len(stored()) == 10_000


@pytest.mark.parametrize("element", ["0", "{}", '{"a": [1, 2], "b": "],{"}'])
def test_elements_are_counted_before_they_are_made(api: Api, element: str) -> None:
    few, many = (f'{{"recipients": [{",".join([element] * count)}]}}' for count in (10_000, 10_001))
    assert message_of(api.put("suppression-list", few))[1].startswith("PUT body contains 10000 invalid")
    assert fault_of(api.put("suppression-list", many))[:2] == (422, "1300")


def test_a_body_may_have_fifty_mebibytes(api: Api) -> None:
    padded = entry(padding="x" * (30 * 1024 * 1024))
    assert put(api, padded).json() == UPDATED
    padded["padding"] += "x" * (20 * 1024 * 1024)
    assert fault_of(put(api, padded))[:2] == (413, "1300")


def test_removing_can_be_narrowed_to_a_type_and_a_list(api: Api) -> None:
    everything = [
        entry(kind=kind, list_id=label) for kind in ("transactional", "non_transactional") for label in ("", "a.b")
    ]

    def left_after(path: str, body: Any = "") -> set[tuple[str, str]]:
        put(api, *everything)
        answer = api._client.delete(
            f"/api/v1/suppression-list/ines@example.net{path}", body, content_type="application/json"
        )
        assert answer.status_code == 204
        assert answer.content == b""
        return {(kind, label) for _, kind, label in stored()}

    both_lists = {("non_transactional", ""), ("non_transactional", "a.b")}
    assert left_after("") == set()
    assert left_after("", []) == set()
    assert left_after("", {}) == set()
    assert left_after("", {"type": "transactional"}) == both_lists
    assert left_after("?type=transactional") == both_lists
    assert left_after("?list_id=A.b") == {("transactional", ""), ("non_transactional", "")}
    assert left_after("?list_id=") == {("transactional", "a.b"), ("non_transactional", "a.b")}
    assert left_after("?list_id=&type=transactional") == both_lists | {("transactional", "a.b")}


def test_removing_what_is_not_there(api: Api) -> None:
    assert message_of(api.delete("suppression-list/ines@example.net")) == (404, "Recipient could not be found")
    put(api, entry())
    assert message_of(api.delete("suppression-list/ines@example.net?type=transactional")) == (
        404,
        "Recipient could not be found",
    )
    assert message_of(api.delete("suppression-list/ines@example.net?type=all"))[0] == 400
    assert message_of(api.get("suppression-list/nobody")) == (404, "Recipient could not be found")


def test_compliance_entries_stay(api: Api) -> None:
    protect()
    put(api, entry("legal@example.net", "transactional"))
    assert message_of(api.delete("suppression-list/legal@example.net")) == (
        403,
        "Recipient could not be removed - Compliance",
    )
    assert len(stored()) == 2
    assert api.delete("suppression-list/legal@example.net?type=transactional").status_code == 204
    for change in ({"type": "non_transactional"}, {"non_transactional": False}):
        assert api.put("suppression-list/legal@example.net", change).status_code == 403
    assert put(api, entry(), entry("legal@example.net")).status_code == 403
    (left,) = Suppression.objects.all()
    assert (left.source, left.description) == ("Compliance", "court order")


@pytest.fixture
def filled(api: Api) -> Api:
    start = datetime(2026, 3, 1, 12, tzinfo=UTC)
    rows = [
        ("a@one.test", "transactional", "", "Manually Added", "asked by telephone"),
        ("b@one.test", "non_transactional", "", "Spam Complaint", "message 1 of campaign x"),
        ("c@two.test", "non_transactional", "news.two.test", "Unsubscribe Link", "message 2"),
        ("d@two.test", "non_transactional", "", "Bounce Rule", "550 5.1.1 user unknown"),
        ("e@xn--mnchen-3ya.test", "transactional", "", "Compliance", ""),
    ]
    for hours, (recipient, kind, list_id, source, description) in enumerate(rows):
        moment = start + timedelta(hours=hours, milliseconds=250)
        Suppression.objects.create(
            recipient=recipient,
            domain=recipient.partition("@")[2],
            type=kind,
            list_id=list_id,
            source=source,
            description=description,
            created_at=moment,
            updated_at=moment,
        )
    return api


@pytest.mark.parametrize(
    "query, found",
    [
        ({}, "edcba"),
        ({"sort": "asc"}, "abcde"),
        ({"from": "2026-03-01T14:00:00Z"}, "edc"),
        ({"from": "2026-03-01T15:00:00+01:00"}, "edc"),
        ({"from": "2026-03-01T15:00:00 01:00"}, "edc"),
        ({"from": "2026-03-01 14:00:00"}, "edc"),
        ({"to": "2026-03-01T13:00:00Z"}, "ba"),
        ({"to": "2026-03-01"}, ""),
        ({"from": "2026-03-01T13:00", "to": "2026-03-01T13:00"}, "b"),
        ({"domain": "ONE.test"}, "ba"),
        ({"domain": "münchen.test"}, "e"),
        ({"types": "transactional"}, "ea"),
        ({"types": "transactional,non_transactional"}, "edcba"),
        ({"sources": "Spam Complaint, bounce_rule"}, "db"),
        ({"list_id": "news.two.test"}, "c"),
        ({"description": "unknown telephone"}, "da"),
        ({"description": "phone"}, ""),
        ({"description": "MESSAGE"}, "cb"),
        ({"description": "message 2", "description_strict": "true"}, "c"),
        ({"description": "message", "description_strict": "true"}, ""),
        ({"description": "5.1.1"}, "db"),
        ({"domain": "two.test", "sources": "Bounce Rule", "types": "non_transactional"}, "d"),
    ],
)
def test_searching(filled: Api, query: dict[str, str], found: str) -> None:
    answer = filled.get("suppression-list", **query).json()
    assert "".join(one["recipient"][0] for one in answer["results"]) == found
    assert answer["total_count"] == len(found)


def test_types_may_be_repeated(filled: Api) -> None:
    answer = filled.raw_get("/api/v1/suppression-list/?types=transactional&types=non_transactional&limit=2").json()
    assert (len(answer["results"]), answer["total_count"]) == (2, 5)


@pytest.mark.parametrize(
    "query, parameter",
    [
        ({"from": "yesterday"}, "from"),
        ({"to": "2026-13-01T00:00"}, "to"),
        ({"from": "2026-03-02T00:00", "to": "2026-03-01T00:00"}, "from"),
        ({"types": "marketing"}, "types"),
        ({"sources": "Rumour"}, "sources"),
        ({"per_page": "0"}, "per_page"),
        ({"per_page": "10001"}, "per_page"),
        ({"limit": "x"}, "limit"),
        ({"page": "0"}, "page"),
        ({"page": "11"}, "page"),
        ({"cursor": "%%%"}, "cursor"),
        ({"cursor": "AAAA"}, "cursor"),
        ({"sort": "up"}, "sort"),
        ({"description_strict": "maybe"}, "description_strict"),
        ({"domain": "a\0b"}, "domain"),
    ],
)
def test_bad_parameters_name_themselves(filled: Api, query: dict[str, str], parameter: str) -> None:
    answer = filled.get("suppression-list", **query)
    assert fault_of(answer)[:2] == (400, "1200")
    assert answer.json()["errors"][0]["param"] == parameter


def links_of(answer: dict[str, Any]) -> dict[str, str]:
    assert isinstance(answer["links"], list)
    return {link["rel"]: link["href"] for link in answer["links"]}


@pytest.mark.parametrize("sort, expected", [("desc", "edcb"), ("asc", "bcde")])
def test_cursors_lead_through_all_that_matches(filled: Api, sort: str, expected: str) -> None:
    # Entries written together have one time.
    moment = clock.now()
    Suppression.objects.filter(recipient__startswith="d").update(updated_at=moment)
    Suppression.objects.filter(recipient__startswith="c").update(updated_at=moment)
    Suppression.objects.filter(recipient__startswith="e").update(updated_at=moment)
    url: str | None = (
        f"/api/v1/suppression-list?cursor=initial&per_page=1&sort={sort}&from=2026-03-01T13%3A00%3A00Z"
    )
    seen = ""
    while url:
        answer = filled.raw_get(url).json()
        assert answer["total_count"] == 4
        seen += "".join(one["recipient"][0] for one in answer["results"])
        url = links_of(answer).get("next")
    assert seen == expected


def test_numbered_pages_have_links_around_them(filled: Api) -> None:
    answer = filled.get("suppression-list", page=2, per_page=2, sort="asc").json()
    assert [one["recipient"][0] for one in answer["results"]] == ["c", "d"]
    links = links_of(answer)
    pages = {rel: parse_qs(urlsplit(href).query)["page"] for rel, href in links.items()}
    assert pages == {"first": ["1"], "previous": ["1"], "next": ["3"], "last": ["3"]}
    assert all(href.startswith("/api/v1/suppression-list?per_page=2&sort=asc&") for href in links.values())
    last = filled.raw_get(links["last"]).json()
    assert len(last["results"]) == 1
    assert set(links_of(last)) == {"first", "previous", "last"}


def test_without_paging_parameters_a_cursor_goes_on(filled: Api) -> None:
    answer = filled.get("suppression-list", limit=3).json()
    assert len(answer["results"]) == 3
    assert len(filled.raw_get(links_of(answer)["next"]).json()["results"]) == 2


def test_the_summary_counts_by_source(filled: Api) -> None:
    assert filled.get("suppression-list/summary").json() == {
        "results": {
            "compliance": 1,
            "manually_added": 1,
            "unsubscribe_link": 1,
            "bounce_rule": 1,
            "list_unsubscribe": 0,
            "spam_complaint": 1,
            "total": 5,
        }
    }


def test_a_grant_opens_it() -> None:
    stranger = Api("transmissions/modify", "templates/modify")
    for answer in (
        stranger.get("suppression-list"),
        stranger.get("suppression-list/summary"),
        stranger.get("suppression-list/a@b.test"),
        put(stranger, entry()),
        stranger.put("suppression-list/a@b.test", {"type": "transactional"}),
        stranger.delete("suppression-list/a@b.test"),
    ):
        assert fault_of(answer)[:2] == (403, "1100")
    assert stored() == set()
    assert Api("suppression_lists/manage").post("suppression-list", {}).status_code == 405
