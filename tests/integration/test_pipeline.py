"""From an accepted transmission to settled messages, over a real SMTP server (DESIGN §3)."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings

from momentum.lib import clock
from tests.api import Api, make_transmission
from tests.smtp_peers import Peer
from tracking.models import Option
from transmissions.chunks import unpack
from transmissions.generation import Generated
from transmissions.models import Chunk, Message, Transmission
from transmissions.pipeline import claim, generating, jobs, retrying, settle, trying

pytestmark = pytest.mark.django_db(transaction=True)


def submit(api: Api, *addresses: str, **changes: Any) -> int:
    recipients = [{"address": address} for address in addresses]
    answer = api.post("transmissions", make_transmission(recipients=recipients, **changes))
    assert answer.status_code == 200, answer.content
    return int(answer.json()["results"]["id"])


def generate() -> None:
    while generating.generate_due():
        pass


def events() -> Counter[tuple[str, str]]:
    """How many events of each type each recipient has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rcpt_to, type FROM tracking_event")
        return Counter((rcpt_to, event_type) for rcpt_to, event_type in cursor.fetchall())


def event(event_type: str) -> dict[str, Any]:
    """The only event of a type: its columns, its data merged in."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM tracking_event WHERE type = %s", [event_type])
        names = [column.name for column in cursor.description]
        (row,) = cursor.fetchall()
    columns = dict(zip(names, row, strict=True))
    return columns | columns.pop("data")


def pass_time(monkeypatch: pytest.MonkeyPatch, delta: timedelta) -> None:
    then = clock.now() + delta
    monkeypatch.setattr(clock, "now", lambda: then)


def received(peer: Peer) -> list[str]:
    return sorted(taken.rcpt.removeprefix("RCPT TO:<").rstrip(">") for taken in peer.taken)


def test_each_recipient_gets_one_message_and_its_events(api: Api, peer: Peer) -> None:
    addresses = [f"r{number}@example.net" for number in range(1203)]
    transmission_id = submit(api, *addresses)
    generate()
    assert received(peer) == sorted(addresses)
    assert events() == Counter({(a, kind): 1 for a in addresses for kind in ("injection", "delivery")})
    shown = api.get(f"transmissions/{transmission_id}").json()["results"]["transmission"]
    assert (shown["state"], shown["num_generated"], shown["num_failed_gen"]) == ("Success", 1203, 0)
    assert shown["generation_start_time"] <= shown["generation_end_time"]


def test_events_carry_their_dimensions_and_the_form_of_the_events_api(api: Api, peer: Peer) -> None:
    recipient = {
        "address": {"email": "Ines@Example.net", "name": "Ines"},
        "tags": ["reader"],
        "metadata": {"uid": "u-7"},
    }
    body = make_transmission(
        recipients=[recipient],
        metadata={"issue": 12, "uid": "hidden"},
        return_path="bounce@mail.example.org",
        options={"click_tracking": False},
    )
    transmission_id = int(api.post("transmissions", body).json()["results"]["id"])
    generate()
    injection, delivery = event("injection"), event("delivery")
    expected = {
        "rcpt_to": "ines@example.net",
        "raw_rcpt_to": "Ines@Example.net",
        "transmission": transmission_id,
        "campaign_id": "spring-31",
        "template_id": "",
        "recipient_domain": "example.net",
        "sending_domain": "mail.example.org",
        "subject": "News",
        "friendly_from": "news@mail.example.org",
        "msg_from": "bounce@mail.example.org",
        "rcpt_meta": {"uid": "u-7", "issue": 12},
        "rcpt_tags": ["reader"],
        "transactional": "0",
        "customer_id": "1",
        "recv_method": "rest",
        "mailbox_provider": "Other",
        "click_tracking": False,
        "open_tracking": True,
        "initial_pixel": True,
    }
    assert {name: injection[name] for name in expected} == expected
    assert {name: delivery[name] for name in expected} == expected
    assert delivery["num_retries"] == 0
    assert (delivery["delv_method"], delivery["ip_address"], delivery["outbound_tls"]) == (
        "esmtp",
        "127.0.0.1",
        "0",
    )
    assert len(injection["message_id"]) == 20
    assert len(injection["rcpt_hash"]) == 40
    assert injection["event_id"] != delivery["event_id"]


def test_a_permanent_refusal_is_a_bounce_of_that_recipient_alone(api: Api, peer: Peer) -> None:
    peer.replies["RCPT TO:<gone@example.net>"] = "550 5.1.1 <gone@example.net> user unknown"
    submit(api, "gone@example.net", "ines@example.net")
    generate()
    assert events() == {
        ("gone@example.net", "injection"): 1,
        ("gone@example.net", "bounce"): 1,
        ("ines@example.net", "injection"): 1,
        ("ines@example.net", "delivery"): 1,
    }
    bounce = event("bounce")
    assert (bounce["bounce_class"], bounce["error_code"]) == (10, "550")
    assert bounce["raw_reason"] == "550 5.1.1 <gone@example.net> user unknown"
    assert "gone@example.net" not in bounce["reason"]
    assert Message.objects.get(state="bounced").last_reply.startswith("550")


def test_a_deferral_is_tried_again_from_the_database(api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    peer.replies["RCPT TO:<slow@example.net>"] = "451 4.3.0 come back"
    submit(api, "slow@example.net")
    generate()
    assert not retrying.retry_due()
    assert Message.objects.get().attempts == 1
    pass_time(monkeypatch, timedelta(minutes=21))
    retrying.retry_due()
    assert Message.objects.get().attempts == 2
    peer.replies.clear()
    pass_time(monkeypatch, timedelta(minutes=41))
    retrying.retry_due()
    assert events() == {
        ("slow@example.net", "injection"): 1,
        ("slow@example.net", "delay"): 2,
        ("slow@example.net", "delivery"): 1,
    }
    delivery = event("delivery")
    assert delivery["num_retries"] == 2
    assert delivery["queue_time"] >= 60 * 60 * 1000
    assert Message.objects.get().state == "delivered"


def test_a_retry_is_the_same_message(api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    html = "<html><body><a href='https://shop.test/x'>x</a></body></html>"
    submit(api, "ines@example.net", content={"from": "a@b.test", "subject": "x", "html": html})
    peer.replies["RCPT"] = "451 4.3.0 come back"
    generate()
    chunk = Chunk.objects.get()
    (recipient,) = unpack(chunk.recipients)
    first = trying.generate(jobs.get(chunk.transmission_id), chunk, chunk.first_number, recipient)
    assert isinstance(first, Generated)
    peer.replies.clear()
    jobs.forget()
    Option.objects.create(name="click_tracking_enabled", value=False)
    pass_time(monkeypatch, timedelta(minutes=21))
    retrying.retry_due()
    (taken,) = peer.taken
    assert taken.data.replace(b"\r\n..", b"\r\n.") == first.data


def test_retries_end_with_a_bounce(api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    peer.replies["RCPT"] = "451 4.3.0 come back"
    submit(api, "slow@example.net")
    generate()
    for _ in range(12):
        pass_time(monkeypatch, timedelta(hours=20))
        retrying.retry_due()
    bounce = event("bounce")
    assert bounce["raw_reason"].startswith(
        "554 5.4.7 [internal] message timeout (exceeded max time, last transfail: 451"
    )
    assert bounce["bounce_class"] == 20
    assert Message.objects.get().state == "bounced"


def test_without_a_relay_mail_waits(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    with override_settings(SMTP_URL="smtp://127.0.0.1:1/"):
        trying.relay.cache_clear()
        submit(api, "a@example.net", "b@example.net")
        generate()
        trying.relay().close()
        trying.relay.cache_clear()
    assert {message.state for message in Message.objects.all()} == {"deferred"}
    assert {kind for _, kind in events()} == {"injection", "delay"}


def test_a_fault_of_one_recipient_does_not_stop_the_others(api: Api, peer: Peer) -> None:
    content = {"from": "a@b.test", "subject": "x", "text": "{{ 1 / n }}"}
    recipients = [
        {"address": "zero@example.net", "substitution_data": {"n": 0}},
        {"address": "one@example.net", "substitution_data": {"n": 1}},
    ]
    answer = api.post("transmissions", make_transmission(recipients=recipients, content=content))
    generate()
    assert events() == {
        ("zero@example.net", "generation_failure"): 1,
        ("one@example.net", "injection"): 1,
        ("one@example.net", "delivery"): 1,
    }
    failure = event("generation_failure")
    assert failure["reason"].startswith("554 5.3.3 [internal] Error while rendering part text: line 1: ")
    assert failure["rcpt_subs"] == {"n": 0}
    transmission_id = answer.json()["results"]["id"]
    shown = api.get(f"transmissions/{transmission_id}").json()["results"]["transmission"]
    assert (shown["state"], shown["num_generated"], shown["num_failed_gen"]) == ("Success", 1, 1)


def test_syntax_errors_of_a_caller_that_opted_in_fail_everyone(api: Api, peer: Peer) -> None:
    body = make_transmission(content={"from": "a@b.test", "subject": "x", "text": "{{ name"})
    api.post("transmissions", body, **{"X-MSYS-OPT-IN": "1"})
    generate()
    assert events() == {("ines@example.net", "generation_failure"): 1}
    assert "Error while compiling part text: line 1" in event("generation_failure")["reason"]


def test_a_worker_killed_in_the_middle_loses_nobody_and_counts_nobody_twice(
    api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = [f"r{number}@example.net" for number in range(300)]
    submit(api, *addresses)

    class Killed(BaseException):
        pass

    real, calls = settle.settle_chunk, iter(range(100))

    def dying(*arguments: Any) -> None:
        if next(calls) == 1:
            raise Killed
        real(*arguments)

    monkeypatch.setattr(settle, "settle_chunk", dying)
    with pytest.raises(Killed):
        generate()
    settled_before = Message.objects.count()
    assert 0 < settled_before < 300
    generate()
    assert Message.objects.count() == settled_before, "the lease still holds"
    pass_time(monkeypatch, claim.LEASE + timedelta(seconds=1))
    generate()
    assert set(received(peer)) == set(addresses)
    assert events() == Counter({(a, kind): 1 for a in addresses for kind in ("injection", "delivery")})
    assert Transmission.objects.get().state == "Success"


def test_a_worker_that_lost_its_lease_stores_nothing(api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    submit(api, "ines@example.net")
    first = claim.claim_chunk(singles=None)
    assert first is not None
    assert claim.claim_chunk(singles=None) is None
    pass_time(monkeypatch, claim.LEASE + timedelta(seconds=1))
    second = claim.claim_chunk(singles=None)
    assert second is not None
    with pytest.raises(settle.LeaseLostError):
        settle.settle_chunk(*first, [], [])
    with pytest.raises(settle.LeaseLostError):
        settle.finish_chunk(*first)
    settle.finish_chunk(*second)


def test_options_of_msg_gen_hold_for_the_next_generation(api: Api, peer: Peer) -> None:
    submit(api, "one@example.net")
    generate()
    Option.objects.create(name="click_tracking_enabled", value=False)
    Option.objects.create(name="engagement_tracking_host", value="track.example.org:81")
    submit(api, "two@example.net")
    generate()
    before, after = sorted(peer.taken, key=lambda taken: taken.rcpt)
    assert b"/f/" in before.data
    assert b"https://shop.test/x" in after.data


def test_a_node_with_gen_count_zero_does_not_generate(api: Api, peer: Peer) -> None:
    option = Option.objects.create(name="gen_count", value=0)
    submit(api, "one@example.net")
    generate()
    assert peer.taken == []
    option.delete()
    generate()
    assert received(peer) == ["one@example.net"]


def test_scheduled_mail_goes_out_when_its_time_has_come(
    api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    start: datetime = clock.now() + timedelta(hours=2)
    submit(api, "one@example.net", options={"start_time": start.isoformat()})
    generate()
    assert peer.taken == []
    pass_time(monkeypatch, timedelta(hours=2, seconds=1))
    assert claim.due_work() == (1, 0)
    generate()
    assert received(peer) == ["one@example.net"]


def test_a_cancelled_transmission_bounces_administratively(api: Api, peer: Peer) -> None:
    start: datetime = clock.now() + timedelta(hours=2)
    transmission_id = submit(api, "a@example.net", "b@example.net", options={"start_time": start.isoformat()})
    assert api.delete(f"transmissions/{transmission_id}").status_code == 204
    generate()
    assert peer.taken == []
    assert events() == {("a@example.net", "bounce"): 1, ("b@example.net", "bounce"): 1}
    assert {message.state for message in Message.objects.all()} == {"canceled"}
    shown = api.get(f"transmissions/{transmission_id}").json()["results"]["transmission"]
    assert shown["state"] == "Canceled"


def test_a_retry_uses_the_snippet_of_the_first_attempt(
    api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.post("snippets", {"id": "foot", "content": {"text": "first https://shop.test/s"}})
    text = '{{ render_snippet("foot") }} {{ render_snippet("gone") }}'
    submit(api, "a@example.net", content={"from": "a@b.test", "subject": "x", "text": text})
    generate()
    assert events() == {("a@example.net", "generation_failure"): 1}
    submit(api, "b@example.net", content={"from": "a@b.test", "subject": "x", "text": text[:28]})
    peer.replies["RCPT"] = "451 4.3.0 come back"
    generate()
    peer.replies.clear()
    pass_time(monkeypatch, timedelta(minutes=21))
    api.put("snippets/foot", {"content": {"text": "second"}})
    jobs.forget()
    retrying.retry_due()
    (taken,) = peer.taken
    assert b"first" in taken.data
    assert b"/f/" in taken.data


def test_template_and_list_are_read_when_generation_starts(api: Api, peer: Peer) -> None:
    content = {"from": "desk@mail.example.org", "subject": "v1", "text": "Hi {{name}} https://shop.test/x"}
    api.post(
        "templates", {"id": "spring", "content": content, "published": True, "options": {"click_tracking": False}}
    )
    people = [{"address": f"r{number}@example.net", "substitution_data": {"name": "Ana"}} for number in range(1001)]
    assert api.post("recipient-lists", {"id": "readers", "recipients": people}).status_code == 200
    body = make_transmission(content={"template_id": "spring"}, recipients={"list_id": "readers"})
    answer = api.post("transmissions", body).json()["results"]
    assert answer["total_accepted_recipients"] == 1001
    api.put("templates/spring?update_published=true", {"content": content | {"subject": "v2"}})
    generate()
    assert len(peer.taken) == 1001
    assert b"Subject: v2" in peer.taken[0].data
    assert b"https://shop.test/x" in peer.taken[0].data
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT template_id, data->>'template_version', data->>'click_tracking' FROM tracking_event"
        )
        assert cursor.fetchall() == [("spring", "2", "false")]
    assert "last_use" in api.get("templates/spring").json()["results"]
