"""Pausing, resuming and cancelling what is under way."""

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings

from momentum.lib import clock
from tests.api import Api, make_transmission
from tests.integration.test_pipeline import events, generate, pass_time, received, submit
from tests.smtp_peers import Peer, serving
from transmissions import hints
from transmissions.actions import cancel, hold
from transmissions.models import Chunk, Message, Transmission
from transmissions.pipeline import claim, generating, jobs, retrying, trying
from transmissions.pipeline import events as work_events

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    with serving(peer) as port, override_settings(SMTP_URL=f"smtp://127.0.0.1:{port}/?connections=1"):
        trying.relay.cache_clear()
        jobs.forget()
        yield peer
        trying.relay().close()
        trying.relay.cache_clear()


@pytest.fixture
def api() -> Api:
    return Api()


def test_a_paused_transmission_is_not_claimed_until_it_is_resumed(
    api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hinted: list[int] = []
    paused, other = submit(api, "held@example.net"), submit(api, "other@example.net")
    assert hold.pause(paused)
    assert not hold.pause(paused), "it is held already"
    generate()
    assert received(peer) == ["other@example.net"]
    assert claim.due_work() == (0, 0)
    shown = api.get(f"transmissions/{paused}").json()["results"]["transmission"]
    assert shown["state"] == "submitted"
    monkeypatch.setattr(hints, "generation", hinted.append)
    assert hold.resume(paused)
    assert not hold.resume(paused)
    assert hinted == [1]
    generate()
    assert received(peer) == ["held@example.net", "other@example.net"]
    assert not hold.pause(other), "its generation is over"


def stop_in_the_middle(monkeypatch: pytest.MonkeyPatch, stop: Any) -> None:
    """Call `stop` once, as soon as the tenth message has been made."""
    monkeypatch.setattr(generating, "_LOOK_EVERY_S", 0.0)
    real, made = trying.generate, [0]

    def generate_and_stop(*arguments: Any) -> Any:
        made[0] += 1
        if made[0] == 10:
            stop()
        return real(*arguments)

    monkeypatch.setattr(trying, "generate", generate_and_stop)


def test_a_chunk_under_way_stops_at_the_next_message_and_goes_on_later(
    api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = [f"r{number}@example.net" for number in range(40)]
    transmission_id = submit(api, *addresses)
    stop_in_the_middle(monkeypatch, lambda: hold.pause(transmission_id))
    generate()
    assert len(peer.taken) == 10
    transmission = Transmission.objects.get()
    assert (transmission.state, transmission.is_paused) == ("Generating", True)
    assert Chunk.objects.get().lease is None
    pass_time(monkeypatch, claim.LEASE + timedelta(days=30))
    generate()
    assert len(peer.taken) == 10
    hold.resume(transmission_id)
    generate()
    assert received(peer) == sorted(addresses)
    assert Transmission.objects.get().state == "Success"
    assert set(events().values()) == {1}


def test_cancelling_stops_a_chunk_under_way_and_bounces_the_rest(
    api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(api, *(f"r{number}@example.net" for number in range(40)))
    stop_in_the_middle(monkeypatch, lambda: api.delete("transmissions?campaign_id=spring-31"))
    generate()
    assert len(peer.taken) == 10
    by_type = [kind for _, kind in events()]
    assert (by_type.count("delivery"), by_type.count("bounce")) == (10, 30)
    assert Transmission.objects.get().state == "Canceled"


def test_cancelling_a_paused_transmission_ends_it(api: Api, peer: Peer) -> None:
    transmission_id = submit(api, "a@example.net", "b@example.net")
    hold.pause(transmission_id)
    assert cancel.cancel_rest(transmission_id)
    assert not cancel.cancel_rest(transmission_id)
    generate()
    assert peer.taken == []
    assert Message.objects.filter(state="canceled").count() == 2
    assert not hold.resume(transmission_id)


def test_resuming_does_not_start_a_scheduled_transmission_early(api: Api, peer: Peer) -> None:
    start = clock.now() + timedelta(hours=2)
    transmission_id = submit(api, "a@example.net", options={"start_time": start.isoformat()})
    hold.pause(transmission_id)
    hold.resume(transmission_id)
    generate()
    assert peer.taken == []
    assert Chunk.objects.get().due_at == start


def test_a_paused_transmission_to_a_list_does_not_read_it(api: Api, peer: Peer) -> None:
    api.post("recipient-lists", {"id": "readers", "recipients": [{"address": "a@example.net"}]})
    body = make_transmission(recipients={"list_id": "readers"})
    transmission_id = int(api.post("transmissions", body).json()["results"]["id"])
    hold.pause(transmission_id)
    assert claim.due_work() == (0, 0)
    generate()
    assert not Chunk.objects.exists()
    hold.resume(transmission_id)
    generate()
    assert received(peer) == ["a@example.net"]


def test_chunks_count_how_their_messages_ended(api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    peer.replies["RCPT TO:<gone@example.net>"] = "550 5.1.1 no"
    peer.replies["RCPT TO:<slow@example.net>"] = "451 4.3.0 come back"
    peer.replies["RCPT TO:<slower@example.net>"] = "451 4.3.0 come back"
    submit(api, *(f"{name}@example.net" for name in ("fine", "gone", "slow", "slower")))
    generate()
    assert Chunk.objects.values_list("num_generated", "num_delivered", "num_bounced").get() == (4, 1, 1)
    peer.replies = {"RCPT TO:<slower@example.net>": "550 5.1.1 no"}
    pass_time(monkeypatch, timedelta(minutes=21))
    retrying.retry_due()
    assert Chunk.objects.values_list("num_generated", "num_delivered", "num_bounced").get() == (4, 2, 2)


def test_a_message_whose_events_cannot_be_stored_is_settled_without_them(
    api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    submit(api, "a@example.net", "bad@example.net", "c@example.net")
    real = work_events.of_settled

    def unstorable(one: Any) -> Any:
        is_bad = one.attempt.recipient.email == "bad@example.net"
        for each in real(one):
            yield dataclasses.replace(each, reason="\0") if is_bad else each

    monkeypatch.setattr(work_events, "of_settled", unstorable)
    generate()
    assert len(peer.taken) == 3
    assert {name for name, _ in events()} == {"a@example.net", "c@example.net"}
    assert Message.objects.filter(state="delivered").count() == 3
    assert Transmission.objects.get().state == "Success"


def test_a_message_that_no_longer_renders_fails_instead_of_being_tried_for_ever(
    api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer.replies["RCPT"] = "451 4.3.0 come back"
    submit(api, "a@example.net", "b@example.net")
    generate()
    peer.replies.clear()
    real = trying.generate

    def failing(ready: Any, chunk: Any, number: int, recipient: Any) -> Any:
        if recipient.email == "a@example.net":
            return trying.GenerationFailure(number, "554 5.3.3 [internal] gone wrong")
        return real(ready, chunk, number, recipient)

    monkeypatch.setattr(trying, "generate", failing)
    pass_time(monkeypatch, timedelta(minutes=21))
    assert not retrying.retry_due()
    states = dict(Message.objects.values_list("state", "last_reply"))
    assert set(states) == {"failed", "delivered"}
    assert states["failed"] == "554 5.3.3 [internal] gone wrong"
    assert events()["a@example.net", "generation_failure"] == 1
    assert Chunk.objects.values_list("num_generated", "num_failed", "num_delivered").get() == (1, 1, 1)
