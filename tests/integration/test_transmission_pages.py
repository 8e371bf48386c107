"""The admin's pages of transmissions: figures, messages, content, and stopping."""

import json
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from momentum.lib import clock
from tests.api import Api, make_transmission
from tests.integration.test_pipeline import generate
from tests.smtp_peers import Peer, serving
from transmissions.actions import hold
from transmissions.chunks import pack
from transmissions.models import Chunk, Message, Transmission
from transmissions.pipeline import jobs, trying
from transmissions.transmission_pages import rows
from transmissions.values import Recipient

pytestmark = pytest.mark.django_db(transaction=True)

BASE = "/admin/transmissions/transmission/"
HTML = "<html><body><h1>Hi {{name}}</h1><img src='cid:logo'><script>alert(1)</script></body></html>"


@pytest.fixture
def api() -> Api:
    return Api()


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    peer.replies["RCPT TO:<gone@example.net>"] = "550 5.1.1 <b>nobody</b>"
    peer.replies["RCPT TO:<slow@example.net>"] = "451 4.3.0 come back"
    with serving(peer) as port, override_settings(SMTP_URL=f"smtp://127.0.0.1:{port}/"):
        trying.relay.cache_clear()
        jobs.forget()
        yield peer
        trying.relay().close()
        trying.relay.cache_clear()


def submit(api: Api, *addresses: str, **changes: Any) -> int:
    recipients = [{"address": address, "substitution_data": {"name": "Ana"}} for address in addresses]
    answer = api.post("transmissions", make_transmission(recipients=recipients, **changes))
    assert answer.status_code == 200, answer.content
    return int(answer.json()["results"]["id"])


def page(client: Client, transmission_id: int, query: str = "") -> str:
    answer = client.get(f"{BASE}{transmission_id}/change/{query}")
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def person(*permissions: str) -> Client:
    user = User.objects.create_user(f"someone{User.objects.count()}", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def figures(answer: str) -> dict[str, int]:
    """The figures of the page by their keys."""
    import re

    found = re.findall(r'<div data-key="(\w+)"><dt>[^<]+</dt><dd>([\d,]+)</dd>', answer)
    return {key: int(number.replace(",", "")) for key, number in found}


def test_figures_and_messages_by_state(api: Api, peer: Peer, admin_client: Client) -> None:
    content = {"from": "a@b.test", "subject": "x", "text": "{{ if n == 0 }}{{ 1 / n }}{{ end }}"}
    recipients = [{"address": f"{name}@example.net"} for name in ("fine", "gone", "slow")]
    recipients.append({"address": "broken@example.net", "substitution_data": {"n": 0}})
    answer = api.post("transmissions", make_transmission(recipients=recipients, content=content))
    transmission_id = int(answer.json()["results"]["id"])
    generate()
    shown = page(admin_client, transmission_id)
    assert figures(shown) == {
        "recipients": 4,
        "generated": 3,
        "failed": 1,
        "delivered": 1,
        "deferred": 1,
        "bounced": 1,
    }
    assert "fine@example.net" in shown
    raw = admin_client.get(f"{BASE}{transmission_id}/change/?state=bounced").content.decode()
    assert "gone@example.net" in raw
    assert "550 5.1.1 &lt;b&gt;nobody&lt;/b&gt;" in raw
    assert "slow@example.net" in page(admin_client, transmission_id, "?state=deferred")
    assert "while rendering part text" in page(admin_client, transmission_id, "?state=failed")


def test_the_list_asks_the_same_few_questions_however_many_rows(api: Api, admin_client: Client) -> None:
    def questions() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert admin_client.get(BASE).status_code == 200
        joined = [query["sql"] for query in captured if "transmissions_message" in query["sql"]]
        assert not joined, "messages are never counted for the list"
        return len(captured)

    submit(api, "a@example.net")
    few = questions()
    for _ in range(20):
        submit(api, "a@example.net", "b@example.net")
    assert questions() == few


def test_the_list_is_searched_and_filtered(api: Api, admin_client: Client) -> None:
    first = submit(api, "a@example.net", description="Spring letter", campaign_id="one")
    second = submit(api, "a@example.net", description="Summer letter", campaign_id="two")
    hold.pause(second)

    def listed(**query: str) -> set[int]:
        answer = admin_client.get(BASE, query).content.decode()
        return {number for number in (first, second) if f"/{number}/change/" in answer}

    assert listed() == {first, second}
    assert listed(q="spring") == {first}
    assert listed(q=str(second)) == {second}
    assert listed(campaign="two") == {second}
    assert listed(campaign="none") == set()
    assert listed(campaign="\0") == {first, second}
    assert listed(state="submitted") == {first, second}
    assert listed(state="Success") == set()
    assert listed(state="paused") == {second}


def test_rows_are_paged_in_both_directions(api: Api, peer: Peer, admin_client: Client) -> None:
    transmission_id = submit(api, *(f"r{number:03}@example.net" for number in range(120)))
    generate()
    transmission = Transmission.objects.get(id=transmission_id)
    first = rows.of_state(transmission, "delivered", before=None, after=None)
    second = rows.of_state(transmission, "delivered", before=None, after=first.after)
    third = rows.of_state(transmission, "delivered", before=None, after=second.after)
    seen = [row.address for one in (first, second, third) for row in one.rows]
    assert seen == [f"r{number:03}@example.net" for number in range(120)]
    assert (first.before, third.after) == (None, None)
    back = rows.of_state(transmission, "delivered", before=third.before, after=None)
    assert [row.number for row in back.rows] == [row.number for row in second.rows]
    assert back.before is not None
    assert back.after is not None
    for query in ("after=x", "before=-1", "after=99999999999999999999", "state=nonsense"):
        assert "r000@example.net" in page(admin_client, transmission_id, f"?{query}")


def test_the_messages_of_a_state_are_saved_as_csv(api: Api, peer: Peer, admin_client: Client) -> None:
    peer.replies["RCPT TO:<=1+1@example.net>"] = '550 5.1.1 no, "never"'
    transmission_id = submit(api, *(f"r{number}@example.net" for number in range(600)), "=1+1@example.net")
    generate()
    address = f"{BASE}{transmission_id}/messages.csv"
    answer = admin_client.get(address, {"state": "delivered"})
    text = b"".join(answer).decode()
    assert text.startswith(
        "\ufeffRecipient,State,Attempts,Last reply,Next attempt,Settled\r\nr0@example.net,delivered,1,"
    )
    assert len(text.splitlines()) == 601
    bounced = b"".join(admin_client.get(address, {"state": "bounced"})).decode().splitlines()[1]
    assert bounced.startswith('\'=1+1@example.net,bounced,1,"550 5.1.1 no, ""never""",,20')
    assert admin_client.get(address, {"state": "x"}).status_code == 404
    assert person().get(address, {"state": "bounced"}).status_code == 403


def test_recipients_are_found_by_address_before_and_after_they_were_sent_to(
    api: Api, peer: Peer, admin_client: Client
) -> None:
    addresses = [f"reader{number}@example.net" for number in range(1100)]
    transmission_id = submit(api, *addresses, 'Ünï."x"@example.net'.replace('"', ""), "GONE.Upper@example.net")
    assert "waiting" in page(admin_client, transmission_id, "?address=reader1099")
    generate()
    found = page(admin_client, transmission_id, "?address=READER1099")
    assert "reader1099@example.net" in found
    assert "delivered" in found
    assert "reader1098" not in found
    assert "Ünï.x@example.net" in page(admin_client, transmission_id, "?address=ÜNÏ")
    assert "GONE.Upper@example.net" in page(admin_client, transmission_id, "?address=gone.upper")
    assert "The first 50 recipients" in page(admin_client, transmission_id, "?address=reader")
    for hostile in ("<script>", "'\";--", "%", "%00", "\\"):
        answer = admin_client.get(f"{BASE}{transmission_id}/change/", {"address": hostile})
        assert answer.status_code == 200
        assert b"<script>\xe2\x80\x9d" not in answer.content


def test_a_search_holds_one_chunk_at_a_time(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    transmission_id = submit(api, "only@example.net")
    transmission = Transmission.objects.get(id=transmission_id)
    first = Chunk.objects.get()
    for position in range(1, 60):
        stored = pack([Recipient(email=f"r{position}@example.net")])
        Chunk.objects.create(
            transmission=transmission, position=position, size=1, first_number=first.first_number + position,
            recipients=stored, due_at=clock.now(),
        )  # fmt: skip
    decoded: list[int] = []
    real = rows.unpack_if_held

    def counting(stored: bytes, words: bytes) -> list[Recipient]:
        found = real(stored, words)
        decoded.extend([1] if found else [])
        return found

    monkeypatch.setattr(rows, "unpack_if_held", counting)
    assert [row.address for row in rows.search(transmission, "r59@").rows] == ["r59@example.net"]
    assert len(decoded) == 1


def test_the_content_is_shown_with_the_data_of_the_first_recipient_in_a_frame_that_trusts_nothing(
    api: Api, admin_client: Client
) -> None:
    content = {
        "from": {"email": "news@b.test", "name": "<b>News</b>"},
        "subject": "For {{name}}",
        "html": HTML,
        "headers": {"X-A": "<i>"},
        "inline_images": [{"name": "logo", "type": "image/png", "data": "aGVsbG8="}],
    }
    transmission_id = submit(api, "ana@example.net", content=content, metadata={"k": "<script>"})
    answer = admin_client.get(f"{BASE}{transmission_id}/change/").content.decode()
    assert "For Ana" in answer
    assert "&lt;b&gt;News&lt;/b&gt; &lt;news@b.test&gt;" in answer
    assert "<i>" not in answer
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in answer
    frame = admin_client.get(f"{BASE}{transmission_id}/content/")
    assert "<h1>Hi Ana</h1>" in frame.content.decode()
    assert "data:image/png;base64,aGVsbG8=" in frame.content.decode()
    assert frame["Content-Security-Policy"].startswith("sandbox allow-popups")
    assert "default-src 'none'" in frame["Content-Security-Policy"]
    assert frame["X-Frame-Options"] == "SAMEORIGIN"


def test_content_that_does_not_render_is_shown_as_written(api: Api, admin_client: Client) -> None:
    content = {"from": "a@b.test", "subject": "x", "text": "{{ 1 / n }}"}
    body = make_transmission(content=content, recipients=[{"address": "a@b.test", "substitution_data": {"n": 0}}])
    transmission_id = int(api.post("transmissions", body).json()["results"]["id"])
    shown = page(admin_client, transmission_id)
    assert "Shown as written" in shown
    assert "{{ 1 / n }}" in shown


def test_a_stored_template_is_shown_before_and_after_generation(api: Api, peer: Peer, admin_client: Client) -> None:
    content = {"from": "a@b.test", "subject": "Template for {{name}}", "text": "x"}
    api.post("templates", {"id": "spring", "content": content, "published": True})
    transmission_id = submit(api, "a@example.net", content={"template_id": "spring"})
    assert "Template for Ana" in page(admin_client, transmission_id)
    generate()
    api.delete("templates/spring")
    shown = page(admin_client, transmission_id)
    assert "Template for Ana" in shown
    assert "spring (published), version 1" in shown


def test_a_transmission_to_a_list_can_be_looked_at_before_it_is_read(api: Api, admin_client: Client) -> None:
    api.post("recipient-lists", {"id": "readers", "recipients": [{"address": "a@example.net"}]})
    start = {"start_time": (clock.now() + timedelta(hours=2)).isoformat()}
    body = make_transmission(recipients={"list_id": "readers"}, options=start)
    transmission_id = int(api.post("transmissions", body).json()["results"]["id"])
    shown = page(admin_client, transmission_id)
    assert "Scheduled" in shown
    assert "Without a recipient." in shown
    assert "readers" in shown


def test_progress_is_refreshed_while_there_is_some(api: Api, peer: Peer, admin_client: Client) -> None:
    transmission_id = submit(api, "fine@example.net")
    address = f"{BASE}{transmission_id}/progress/"
    assert 'data-refresh="1000"' in admin_client.get(address).content.decode()
    hold.pause(transmission_id)
    paused = admin_client.get(address).content.decode()
    assert 'data-refresh="5000"' in paused
    assert "Resume" in paused
    hold.resume(transmission_id)
    generate()
    done = admin_client.get(address).content.decode()
    assert 'data-refresh="0"' in done
    assert "Pause" not in done


def test_stopping_needs_the_permission_a_post_and_says_who_did_it(api: Api, admin_client: Client) -> None:
    transmission_id = submit(api, "a@example.net", "b@example.net")
    reader, nobody = person("view_transmission"), person()
    operator = person("view_transmission", "change_transmission")
    stops = [f"{BASE}{transmission_id}/{stop}/" for stop in ("pause", "resume", "cancel")]
    assert "Pause" not in page(reader, transmission_id)
    for stop in stops:
        assert operator.get(stop).status_code == 405
        assert reader.post(stop).status_code == 403
        assert nobody.post(stop).status_code == 403
        assert Client().post(stop).status_code == 302
    assert Client(enforce_csrf_checks=True).post(stops[0]).status_code == 403
    assert nobody.get(f"{BASE}{transmission_id}/change/").status_code == 403
    assert nobody.get(f"{BASE}{transmission_id}/content/").status_code == 403
    assert not Transmission.objects.get().is_paused
    assert "Paused." in operator.post(stops[0], follow=True).content.decode()
    assert Transmission.objects.get().is_paused
    operator.post(stops[1])
    assert not Transmission.objects.get().is_paused
    operator.post(stops[2])
    assert Transmission.objects.get().state == "Canceled"
    assert "had been generated already" in operator.post(stops[2], follow=True).content.decode()
    history = operator.get(f"{BASE}{transmission_id}/history/").content.decode()
    assert "What was not generated is canceled." in history


def test_the_engagement_report_is_linked_for_its_campaign(api: Api, admin_client: Client) -> None:
    named = submit(api, "a@example.net", campaign_id="a & b")
    unnamed = submit(api, "a@example.net", campaign_id="")
    assert "/admin/reports/engagement/?period=1h&campaigns=a+%26+b" in page(admin_client, named)
    assert "period=1h&campaigns" not in page(admin_client, unnamed)
    assert admin_client.get("/admin/reports/engagement/?period=1h&campaigns=a+%26+b").status_code == 200


@pytest.mark.parametrize(
    "address", ["7/change/", "x/change/", "99999999999999999999/change/", "7/progress/", "7/content/"]
)
def test_what_is_not_there_is_not_found(admin_client: Client, address: str) -> None:
    assert admin_client.get(f"{BASE}{address}").status_code == 404


def test_what_was_asked_for_is_shown(api: Api, admin_client: Client) -> None:
    transmission_id = submit(
        api, "a@example.net", "nobody", description="Letter", return_path="b@c.test",
        options={"open_tracking": False, "ip_pool": "pool"}, metadata={"n": 9007199254740993},
    )  # fmt: skip
    shown = page(admin_client, transmission_id)
    for text in ("Letter", "b@c.test", "open_tracking", "false", "pool", json.dumps(9007199254740993), "Refused"):
        assert text in shown
    assert not Message.objects.exists()
