"""Tests of a template are sent as everything is, and leave no trace in the statistics."""

from collections.abc import Iterator
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings

from momentum.lib import clock
from momentum.lib.errors import ApiError
from tests.api import Api, make_transmission
from tests.smtp_peers import Peer, serving
from tracking.models import Option
from transmissions.actions import templates
from transmissions.actions.send_test import send_test
from transmissions.models import Message, Template, Transmission
from transmissions.pipeline import generating, jobs, retrying, trying

pytestmark = pytest.mark.django_db(transaction=True)

HTML = '<html><body><a href="https://shop.test/{{name}}" data-msys-linkname="top">{{name}}</a></body></html>'


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    with serving(peer) as port, override_settings(SMTP_URL=f"smtp://127.0.0.1:{port}/"):
        trying.relay.cache_clear()
        jobs.forget()
        yield peer
        trying.relay().close()
        trying.relay.cache_clear()


def make_content(**changes: Any) -> dict[str, Any]:
    return {"from": "desk@mail.example.org", "subject": "Dear {{name}}", "html": HTML, **changes}


def generate() -> None:
    while generating.generate_due():
        pass


def event_count() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tracking_event")
        return int(cursor.fetchone()[0])


def taken(peer: Peer) -> EmailMessage:
    (message,) = peer.taken
    return message_from_bytes(message.data, policy=policy.default)  # type: ignore[return-value]


def pass_time(monkeypatch: pytest.MonkeyPatch, delta: timedelta) -> None:
    then = clock.now() + delta
    monkeypatch.setattr(clock, "now", lambda: then)


@pytest.mark.parametrize("transactional", [None, True])
def test_a_test_arrives_rendered_with_nothing_tracked_and_no_event(peer: Peer, transactional: bool | None) -> None:
    # Not even an account that tracks everything, and offers to unsubscribe everywhere, changes that.
    for name in ("open_tracking_enabled", "click_tracking_enabled", "transactional_unsub"):
        Option.objects.create(name=name, value=True)
    data = {"name": "Zoë", "address": {"name": "Noor"}}
    transmission_id = send_test(make_content(), " ines@example.net ", data, transactional=transactional)
    generate()
    message = taken(peer)
    assert (message["Subject"], message["To"]) == ("Dear Zoë", "Noor <ines@example.net>")
    assert message.get_content().strip() == (
        '<html><body><a href="https://shop.test/Zo%C3%AB">Zoë</a></body></html>'
    )
    assert message["List-Unsubscribe"] is None
    assert event_count() == 0
    transmission = Transmission.objects.get()
    assert (transmission.id, transmission.is_test, transmission.state) == (transmission_id, True, "Success")
    assert Message.objects.get().state == "delivered"


def test_a_test_that_is_deferred_and_then_refused_has_no_event_either(
    peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    peer.replies["RCPT"] = "451 4.3.0 come back"
    send_test(make_content(), "ines@example.net", {})
    generate()
    peer.replies["RCPT"] = "550 5.1.1 user unknown"
    pass_time(monkeypatch, timedelta(minutes=21))
    retrying.retry_due()
    assert (Message.objects.get().state, Message.objects.get().attempts) == ("bounced", 2)
    assert event_count() == 0


def test_a_test_that_cannot_be_generated_tells_why_on_its_message_alone(peer: Peer) -> None:
    send_test(make_content(subject="{{ 1 / z }}"), "ines@example.net", {"z": 0})
    generate()
    message = Message.objects.get()
    assert message.state == "failed"
    assert "Error while rendering part Header:Subject: line 1" in message.last_reply
    assert event_count() == 0


def test_a_canceled_test_has_no_event(peer: Peer) -> None:
    send_test(make_content(), "ines@example.net", {})
    Transmission.objects.update(state=Transmission.State.CANCELED)
    generate()
    assert Message.objects.get().state == "canceled"
    assert event_count() == 0


def test_other_transmissions_keep_their_events_and_tracking(peer: Peer) -> None:
    Api().post("transmissions", make_transmission())
    generate()
    assert event_count() == 2
    assert b"shop.test" not in peer.taken[0].data
    assert b"List-Unsubscribe" in peer.taken[0].data


@pytest.mark.parametrize(
    "content, address, data, code",
    [
        (make_content(), "nobody", {}, "1300"),
        (make_content(), "a@b.test\r\nBcc: x@y.test", {}, "1300"),
        (make_content(subject=None), "a@b.test", {}, "1400"),
        (make_content(subject="{{ x"), "a@b.test", {}, "3000"),
        ({"email_rfc822": "no header"}, "a@b.test", {}, "3020"),
        (make_content(), "a@b.test", {"x": "y" * 102_400}, "2002"),
    ],
)
def test_what_cannot_be_sent_is_refused(content: dict[str, Any], address: str, data: Any, code: str) -> None:
    with pytest.raises(ApiError) as refused:
        send_test(content, address, data)
    assert refused.value.faults[0].code == code
    assert not Transmission.objects.exists()


def test_a_test_is_no_use_of_the_template_and_does_not_hold_it(peer: Peer) -> None:
    templates.create({"id": "spring", "content": make_content()})
    send_test(make_content(), "ines@example.net", {})
    templates.delete("spring")
    templates.create({"id": "spring", "content": make_content()})
    generate()
    assert len(peer.taken) == 1
    assert Template.objects.get().last_use is None


def test_a_transmission_keeps_the_version_that_it_started_with(peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Contract 20 §9.8; beside it, a use is noted."""
    templates.create({"id": "spring", "published": True, "content": make_content(subject="one")})
    peer.replies["RCPT"] = "451 4.3.0 come back"
    Api().post("transmissions", make_transmission(content={"template_id": "spring"}))
    generate()
    templates.update("spring", {"published": True, "content": make_content(subject="two")})
    peer.replies.clear()
    jobs.forget()
    pass_time(monkeypatch, timedelta(minutes=21))
    retrying.retry_due()
    assert taken(peer)["Subject"] == "one"
    assert Template.objects.get().last_use is not None
