"""Suppressed recipients on their way through the pipeline (contract 10 §8, §14; 95 §11)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from momentum.lib import clock
from tests.api import Api, make_transmission
from tests.integration.test_pipeline import event, events, generate, pass_time, received, submit
from tests.smtp_peers import Peer, serving
from transmissions import progress
from transmissions.models import Message, Suppression, Transmission
from transmissions.pipeline import jobs, retrying, trying
from transmissions.suppression import following

pytestmark = pytest.mark.django_db(transaction=True)

REASON = "554 5.7.1 recipient address suppressed due to customer policy"
NON_TRANSACTIONAL, TRANSACTIONAL = "non_transactional", "transactional"


@pytest.fixture(autouse=True)
def _looks_at_the_log_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "_OFTEN_ENOUGH_S", -1.0)


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    with serving(peer) as port, override_settings(SMTP_URL=f"smtp://127.0.0.1:{port}/"):
        trying.relay.cache_clear()
        jobs.forget()
        yield peer
        trying.relay().close()
        trying.relay.cache_clear()


@pytest.fixture
def api() -> Api:
    return Api()


def suppress(api: Api, recipient: str, kind: str = NON_TRANSACTIONAL, list_id: str | None = None) -> None:
    body = {"recipients": [{"recipient": recipient, "type": kind, "list_id": list_id}]}
    assert api.put("suppression-list", body).status_code == 200


def test_a_suppressed_recipient_gets_no_message_but_a_rejection(api: Api, peer: Peer) -> None:
    recipients = [
        {"address": "Ines@Example.net", "substitution_data": {"name": "Ines"}, "tags": ["reader"]},
        {"address": "bo@example.net"},
    ]
    body = make_transmission(recipients=recipients, substitution_data={"name": "you", "issue": 12})
    answer = api.post("transmissions", body).json()["results"]
    # Accepted and counted as accepted; looked at when it is generated.
    assert answer["total_accepted_recipients"] == 2
    suppress(api, "ines@example.NET")
    generate()
    assert received(peer) == ["bo@example.net"]
    assert events() == {
        ("ines@example.net", "generation_rejection"): 1,
        ("bo@example.net", "injection"): 1,
        ("bo@example.net", "delivery"): 1,
    }
    rejection = event("generation_rejection")
    expected = {
        "rcpt_to": "ines@example.net",
        "raw_rcpt_to": "Ines@Example.net",
        "transmission": int(answer["id"]),
        "campaign_id": "spring-31",
        "reason": REASON,
        "raw_reason": REASON,
        "error_code": "554",
        "bounce_class": 25,
        "rcpt_subs": {"name": "Ines", "issue": 12},
        "rcpt_tags": ["reader"],
        "transactional": "0",
        "friendly_from": "news@mail.example.org",
        "sending_domain": "mail.example.org",
        "subject": "News",
    }
    assert {name: rejection[name] for name in expected} == expected
    assert len(rejection["message_id"]) == 20
    shown = api.get(f"transmissions/{answer['id']}").json()["results"]["transmission"]
    assert (shown["state"], shown["num_generated"], shown["num_failed_gen"]) == ("Success", 1, 1)
    counts = progress.counts_of(Transmission.objects.all())[int(answer["id"])]
    assert {name: counts.of_state(name) for name in ("rejected", "failed", "delivered", "waiting")} == {
        "rejected": 1,
        "failed": 0,
        "delivered": 1,
        "waiting": 0,
    }
    rejected = Message.objects.get(state="rejected")
    assert (rejected.last_reply, rejected.attempts, rejected.next_attempt_at) == (REASON, 0, None)


@pytest.mark.parametrize(
    "kind, list_id, changes, is_sent",
    [
        (NON_TRANSACTIONAL, None, {}, False),
        (NON_TRANSACTIONAL, None, {"options": {"transactional": False}}, False),
        (NON_TRANSACTIONAL, None, {"options": {"transactional": True}}, True),
        (TRANSACTIONAL, None, {}, True),
        (TRANSACTIONAL, None, {"options": {"transactional": True}}, False),
        (NON_TRANSACTIONAL, None, {"options": {"skip_suppression": True}}, True),
        (TRANSACTIONAL, None, {"options": {"transactional": True, "skip_suppression": True}}, True),
        (NON_TRANSACTIONAL, "news.example.org", {}, True),
        (NON_TRANSACTIONAL, "news.example.org", {"override": {"list_id": "<offers.example.org>"}}, True),
        (NON_TRANSACTIONAL, "news.example.org", {"override": {"list_id": "<News.Example.org>"}}, False),
        (NON_TRANSACTIONAL, "news.example.org", {"override": {"list_id": "<news@example.org>"}}, False),
        (NON_TRANSACTIONAL, None, {"override": {"list_id": "<news.example.org>"}}, False),
        (TRANSACTIONAL, "news.example.org", {"override": {"list_id": "<news.example.org>"}}, True),
    ],
)
def test_which_entry_holds_for_which_mail(
    api: Api, peer: Peer, kind: str, list_id: str | None, changes: dict[str, Any], is_sent: bool
) -> None:
    suppress(api, "ines@example.net", kind, list_id)
    submit(api, "ines@example.net", **changes)
    generate()
    assert received(peer) == ["ines@example.net"] * is_sent
    assert (("ines@example.net", "generation_rejection") in events()) is not is_sent


def test_the_type_of_a_template_decides_where_the_request_says_nothing(api: Api, peer: Peer) -> None:
    content = {"from": "a@b.test", "subject": "x", "text": "x"}
    api.post(
        "templates", {"id": "receipt", "content": content, "published": True, "options": {"transactional": True}}
    )
    suppress(api, "ines@example.net", TRANSACTIONAL)
    submit(api, "ines@example.net", content={"template_id": "receipt"})
    generate()
    assert events() == {("ines@example.net", "generation_rejection"): 1}


def test_compliance_entries_hold_whatever_a_request_says(api: Api, peer: Peer) -> None:
    suppress(api, "ines@example.net")
    Suppression.objects.update(source="Compliance")
    submit(api, "ines@example.net", options={"skip_suppression": True})
    generate()
    assert peer.taken == []


def test_suppression_is_asked_before_anything_is_rendered(api: Api, peer: Peer) -> None:
    suppress(api, "ines@example.net")
    content = {"from": "{{ box }}@b.test", "subject": "{{ x }}", "text": "{{ 1 / 0 }}"}
    submit(api, "ines@example.net", content=content)
    generate()
    rejection = event("generation_rejection")
    assert "subject" not in rejection
    assert "friendly_from" not in rejection
    assert rejection["sending_domain"] == ""


def test_the_list_is_asked_once_for_each_chunk(api: Api, peer: Peer) -> None:
    addresses = [f"r{number}@example.net" for number in range(1001)]
    api.put(
        "suppression-list",
        {"recipients": [{"recipient": address, "type": NON_TRANSACTIONAL} for address in addresses[:600]]},
    )
    submit(api, *addresses)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        generate()
    asked = [query for query in queries if 'FROM "transmissions_suppression"' in query["sql"]]
    assert len(asked) == 3
    assert received(peer) == sorted(addresses[600:])
    assert Message.objects.filter(state="rejected").count() == 600


def test_a_retry_to_somebody_suppressed_since_bounces_administratively(
    api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer.replies["RCPT"] = "451 4.3.0 come back"
    submit(api, "ines@example.net", "bo@example.net")
    generate()
    peer.replies.clear()
    suppress(api, "ines@example.net")
    pass_time(monkeypatch, timedelta(minutes=21))
    retrying.retry_due()
    assert received(peer) == ["bo@example.net"]
    bounce = event("bounce")
    assert (bounce["rcpt_to"], bounce["bounce_class"], bounce["error_code"]) == ("ines@example.net", 25, "554")
    assert bounce["raw_reason"] == REASON
    assert bounce["num_retries"] == 1
    states = dict(Message.objects.values_list("number", "state"))
    assert sorted(states.values()) == ["bounced", "delivered"]
    pass_time(monkeypatch, timedelta(hours=3))
    assert not retrying.retry_due()
    assert sum(count for (_, kind), count in events().items() if kind == "bounce") == 1


def test_who_does_not_exist_is_not_written_to_again(api: Api, peer: Peer) -> None:
    peer.replies["RCPT TO:<gone@example.net>"] = "550 5.1.1 <gone@example.net> user unknown"
    peer.replies["RCPT TO:<full@example.net>"] = "552 5.2.2 mailbox full"
    submit(api, "gone@example.net", "full@example.net")
    generate()
    peer.replies.clear()
    submit(api, "Gone@example.net", "full@example.net", options={"transactional": True})
    generate()
    assert received(peer) == ["full@example.net"]
    entries = api.get("suppression-list/gone@example.net").json()["results"]
    assert [(one["type"], one["source"]) for one in entries] == [
        (NON_TRANSACTIONAL, "Bounce Rule"),
        (TRANSACTIONAL, "Bounce Rule"),
    ]
    assert all("user unknown" in one["description"] for one in entries)


def test_events_say_which_list_a_message_belongs_to(api: Api, peer: Peer) -> None:
    submit(api, "ines@example.net", override={"list_id": "<News@Example.org>"})
    generate()
    assert event("injection")["list_id"] == event("delivery")["list_id"] == "news.example.org"
    assert clock.now() >= event("injection")["happened_at"]
