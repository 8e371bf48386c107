"""Requests of people about their data, from the API to the last trace (contract 95 §7)."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client

from accounts import roles
from momentum.lib import clock
from reports import rollups
from tests.api import Api, fault_of, make_transmission
from tests.integration.test_pipeline import event, events, generate, pass_time, received, submit
from tests.smtp_peers import Peer
from tracking.models import PrivacyRequest
from transmissions.actions import erase
from transmissions.chunks import unpack
from transmissions.models import Chunk, ListChunk, Message, RecipientList, Snapshot, Transmission
from transmissions.pipeline import claim, retrying, settle

pytestmark = pytest.mark.django_db(transaction=True)

INES, OMAR = "ines@example.net", "omar@example.net"
PERSONAL = {
    "address": {"email": "Ines@example.net", "name": "Ines"},
    "tags": ["reader"],
    "metadata": {"uid": "u-7"},
    "substitution_data": {"name": "Ines Secret"},
}


def request(api: Api, *addresses: str, kind: str = "rtbf") -> None:
    answer = api.post(f"data-privacy/{kind}-request", {"recipients": list(addresses)})
    assert (answer.status_code, answer.json()) == (200, {"results": {"message": "Request saved."}})


def work() -> None:
    while erase.erase_due():
        pass


def rollup_rows() -> list[Any]:
    """All that rollups hold, names in the place of ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.bucket, r.type, r.bounce_class, r.retries, coalesce(t.text, ''), r.count, r.msg_size, "
            "r.queue_time, r.messages::text, d.recipient_domain, d.campaign_id FROM reports_fullrollup r "
            "JOIN reports_dimensions d ON d.id = r.dimensions LEFT JOIN reports_detail t ON t.id = r.detail "
            "ORDER BY 1, 2, 5, 10"
        )
        return cursor.fetchall()


def everything_stored() -> str:
    """All text that the database holds about mail, chunks unpacked."""
    texts: list[str] = []
    with connection.cursor() as cursor:
        for table in (
            "tracking_event",
            "tracking_privacyrequest",
            "transmissions_message",
            "transmissions_snapshot",
        ):
            cursor.execute(f"SELECT t::text FROM {table} t")
            texts += [row[0] for row in cursor.fetchall()]
    for model in (Chunk, ListChunk):
        texts += [repr(unpack(stored)) for stored in model.objects.values_list("recipients", flat=True)]
    return "\n".join(texts)


class TestRequest:
    @pytest.mark.parametrize("kind", ["rtbf", "opt-out"])
    def test_what_is_wrong_with_it(self, api: Api, kind: str) -> None:
        path = f"data-privacy/{kind}-request"
        assert fault_of(api.post(path, {}))[:2] == (422, "1400")
        assert fault_of(api.post(path, {"recipients": []}))[:2] == (422, "1400")
        assert fault_of(api.post(path, {"recipients": INES}))[:2] == (422, "1300")
        assert fault_of(api.post(path, {"recipients": [INES], "include_subaccounts": "yes"}))[:2] == (422, "1300")
        assert fault_of(api.post(path, [1]))[:2] == (422, "1300")
        too_many = api.post(path, {"recipients": [INES] * 1001})
        assert too_many.status_code == 400
        assert too_many.json()["errors"][0]["message"] == "Exceeded maximum number of recipients (1000)"
        assert api.get(path).status_code == 405
        assert PrivacyRequest.objects.count() == 0

    def test_bad_addresses_are_named_and_nothing_is_stored(self, api: Api) -> None:
        answer = api.post("data-privacy/rtbf-request", {"recipients": [INES, "nobody", 7, "a b@c.test"]})
        assert answer.status_code == 400
        assert answer.json()["errors"] == [
            {"message": "invalid email address", "code": "1300", "recipient": bad}
            for bad in ("nobody", None, "a b@c.test")
        ]
        assert PrivacyRequest.objects.count() == 0

    def test_a_thousand_people_may_ask_at_once_and_twice(self, api: Api) -> None:
        people = [f"r{number}@example.net" for number in range(1000)]
        request(api, *people)
        request(api, *people)
        assert PrivacyRequest.objects.count() == 1000
        work()
        assert set(PrivacyRequest.objects.values_list("stage", flat=True)) == {"events"}

    def test_the_grant(self) -> None:
        for kind in ("rtbf", "opt-out"):
            answer = Api("templates/view").post(f"data-privacy/{kind}-request", {"recipients": [INES]})
            assert answer.status_code == 403


def test_nothing_is_left_of_a_person_and_the_counts_stay(
    api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer.replies["RCPT TO:<gone@"] = "550 5.1.1 <gone@example.net> unknown"
    body = make_transmission(recipients=[PERSONAL, {"address": OMAR}, {"address": "gone@example.net"}])
    transmission = api.post("transmissions", body).json()["results"]["id"]
    generate()
    rollups.catch_up()
    before, shown = rollup_rows(), api.get(f"transmissions/{transmission}").json()
    assert "Ines Secret" in everything_stored()

    request(api, INES, "GONE@example.net")
    work()
    pass_time(monkeypatch, timedelta(minutes=11))
    work()

    stored = everything_stored().lower()
    for trace in ("ines", "u-7", "reader", "gone@"):
        assert trace not in stored, trace
    assert OMAR in stored
    assert events() == Counter({("", "injection"): 2, ("", "delivery"): 1, ("", "bounce"): 1}) + Counter(
        {(OMAR, "injection"): 1, (OMAR, "delivery"): 1}
    )
    assert event("bounce")["reason"] != ""
    rollups.catch_up()
    assert rollup_rows() == before
    rollups.rebuild()
    assert rollup_rows() == before
    assert rollups.check() == []
    assert api.get(f"transmissions/{transmission}").json() == shown
    done = PrivacyRequest.objects.order_by("id")[0]
    assert (done.stage, done.address, len(done.digest)) == ("done", "", 64)
    assert (done.messages, done.events, done.list_entries) == (1, 2, 0)


def test_entries_of_stored_lists_are_removed(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.post("recipient-lists", {"id": "one", "recipients": [{"address": INES}, {"address": OMAR}, PERSONAL]})
    api.post("recipient-lists", {"id": "two", "recipients": [{"address": "INES@example.net"}]})
    api.post(
        "recipient-lists",
        {"id": "three", "recipients": [{"address": {"email": OMAR, "header_to": f"Ines <{INES}>"}}]},
    )
    request(api, INES)
    work()
    sizes = dict(RecipientList.objects.values_list("key", "size"))
    assert sizes == {"one": 1, "two": 0, "three": 1}
    assert "ines" not in repr([unpack(chunk.recipients) for chunk in ListChunk.objects.all()]).lower()
    assert PrivacyRequest.objects.get().list_entries == 3
    answer = api.post("transmissions", make_transmission(recipients={"list_id": "two"}))
    assert fault_of(answer)[:2] == (400, "5002")


def test_mail_that_is_still_due_is_given_up(api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    start = clock.now() + timedelta(hours=2)
    body = make_transmission(recipients=[PERSONAL, {"address": OMAR}], options={"start_time": start.isoformat()})
    transmission = api.post("transmissions", body).json()["results"]["id"]
    request(api, INES)
    work()
    bounce = event("bounce")
    assert (bounce["reason"], bounce["bounce_class"], bounce["rcpt_to"]) == (
        "554 5.7.1 [internal] recipient erased",
        25,
        "",
    )
    pass_time(monkeypatch, timedelta(hours=2, seconds=1))
    generate()
    assert received(peer) == [OMAR]
    shown = api.get(f"transmissions/{transmission}").json()["results"]["transmission"]
    assert (shown["state"], shown["num_generated"], shown["num_failed_gen"]) == ("Success", 1, 1)
    work()
    assert "ines" not in everything_stored().lower()


def test_a_deferred_message_is_not_tried_again(api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    peer.replies["RCPT TO:<ines"] = "451 4.3.0 <ines@example.net> come back"
    peer.replies["RCPT"] = "451 4.3.0 come back"
    submit(api, INES, OMAR)
    generate()
    request(api, INES)
    work()
    peer.replies.clear()
    pass_time(monkeypatch, timedelta(minutes=21))
    retrying.retry_due()
    work()
    assert received(peer) == [OMAR]
    assert sorted(Message.objects.values_list("state", "last_reply")) == [
        ("canceled", ""),
        ("delivered", "250 2.0.0 taken"),
    ]
    assert events()["", "bounce"] == 1
    assert "ines" not in everything_stored().lower()


def test_a_chunk_in_work_is_waited_for(api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    submit(api, INES)
    assert claim.claim_chunk(singles=None) is not None
    request(api, INES)
    work()
    assert PrivacyRequest.objects.get().stage == "chunks"
    assert INES in everything_stored()
    pass_time(monkeypatch, claim.LEASE + timedelta(seconds=1))
    work()
    assert PrivacyRequest.objects.get().stage == "events"
    generate()
    assert received(peer) == []
    pass_time(monkeypatch, timedelta(minutes=11))
    work()
    assert "ines" not in everything_stored().lower()


def test_a_worker_that_lost_its_lease_meanwhile_settles_nothing(
    api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(api, INES, OMAR)
    slow = claim.claim_chunk(singles=None)
    assert slow is not None
    pass_time(monkeypatch, claim.LEASE + timedelta(seconds=1))
    request(api, INES)
    work()
    with pytest.raises(settle.LeaseLostError):
        settle.settle_chunk(*slow, [], [])
    generate()
    assert received(peer) == [OMAR]


def test_a_message_in_work_is_waited_for(api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    peer.replies["RCPT"] = "451 4.3.0 come back"
    submit(api, INES)
    generate()
    pass_time(monkeypatch, timedelta(minutes=21))
    retries, lease = claim.claim_retries(10)
    assert len(retries) == 1
    request(api, INES)
    work()
    assert PrivacyRequest.objects.get().stage == "chunks"
    claim.release_retries([retry.number for retry in retries], lease)
    work()
    assert Message.objects.get().state == "canceled"


def test_content_for_one_person_goes_with_the_person(api: Api, peer: Peer) -> None:
    content = {"from": "a@b.test", "subject": "x", "text": "Dear Ines"}
    submit(api, INES, content=content, substitution_data={"code": "4711-secret"}, metadata={"order": "o-1-secret"})
    generate()
    request(api, INES)
    work()
    job = Snapshot.objects.get().job
    assert "Dear" not in job
    assert "secret" not in job
    transmission = Transmission.objects.get()
    assert api.get(f"transmissions/{transmission.id}").status_code == 200


def test_a_crash_in_the_middle_is_continued(api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        api.post("recipient-lists", {"id": f"list-{number}", "recipients": [{"address": INES}, {"address": OMAR}]})
    submit(api, INES, OMAR)
    generate()
    request(api, INES)
    real, calls = erase.erasure.from_list, iter(range(100))

    def dying(*arguments: Any) -> Any:
        if next(calls) == 1:
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(erase.erasure, "from_list", dying)
    with pytest.raises(KeyboardInterrupt):
        work()
    monkeypatch.setattr(erase.erasure, "from_list", real)
    work()
    assert PrivacyRequest.objects.get().list_entries == 3
    pass_time(monkeypatch, timedelta(minutes=11))
    work()
    assert "ines" not in everything_stored().lower()


def test_a_second_request_after_the_first_is_done(api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        submit(api, INES)
        generate()
        request(api, INES)
        work()
        pass_time(monkeypatch, timedelta(minutes=11))
        work()
        assert "ines" not in everything_stored().lower()
    assert PrivacyRequest.objects.filter(stage="done").count() == 2


def test_a_new_request_does_not_wait_for_one_that_waits(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    request(api, INES)
    work()
    api.post("recipient-lists", {"id": "one", "recipients": [{"address": OMAR}, {"address": "c@example.net"}]})
    request(api, OMAR)
    work()
    assert RecipientList.objects.get().size == 1
    assert set(PrivacyRequest.objects.values_list("stage", flat=True)) == {"events"}


class TestPage:
    def operator(self, role: str = roles.OPERATOR) -> Client:
        user = User.objects.create_user("olga", password="x" * 12, is_staff=True)
        user.groups.add(Group.objects.get_or_create(name=role)[0])
        for label in ("tracking", "transmissions", "reports"):
            roles.sync(label)
        client = Client()
        client.force_login(user)
        return client

    PATH = "/admin/tracking/privacyrequest/"

    def test_an_operator_sees_requests_and_changes_none(self, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
        request(api, INES)
        request(api, OMAR, kind="opt-out")
        operator = self.operator()
        page = operator.get(self.PATH).content.decode()
        assert INES in page
        assert OMAR in page
        first = PrivacyRequest.objects.order_by("id")[0]
        shown = operator.get(f"{self.PATH}{first.pk}/change/")
        assert shown.status_code == 200
        assert b'name="_save"' not in shown.content
        assert operator.get(f"{self.PATH}add/").status_code == 403
        assert operator.post(f"{self.PATH}{first.pk}/delete/").status_code == 403
        work()
        pass_time(monkeypatch, timedelta(minutes=11))
        work()
        found = operator.get(self.PATH, {"q": "Ines@Example.net"}).content.decode()
        assert "erased" in found
        assert OMAR not in found
        assert operator.get(self.PATH, {"q": "\0"}).status_code == 200

    def test_a_marketer_does_not(self) -> None:
        assert self.operator(roles.MARKETER).get(self.PATH).status_code == 403
