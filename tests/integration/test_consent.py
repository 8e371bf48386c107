"""A recipient who declined is not tracked (docs/api.md, "Consent"): stored lists and inline recipients."""

import email
import json
from typing import Any

import pytest
from django.db import connection

from reports import rollups
from tests.api import Api, make_transmission
from tests.integration.test_pipeline import generate
from tests.smtp_peers import Peer

pytestmark = pytest.mark.django_db(transaction=True)

HTML = "<html><body><a href='https://shop.test/x'>x</a></body></html>"
CONTENT = {"from": "a@b.test", "subject": "x", "html": HTML}
DECLINED = {"address": "omar@example.net", "consent": {"tracking": False}}
ON = {"open_tracking": True, "click_tracking": True, "initial_open": True}


def bodies(peer: Peer) -> dict[str, str]:
    """The html of each message, by recipient."""
    found = {}
    for taken in peer.taken:
        payload = email.message_from_bytes(taken.data).get_payload(decode=True)
        assert isinstance(payload, bytes)
        found[taken.rcpt.removeprefix("RCPT TO:<").rstrip(">")] = payload.decode().strip()
    return found


def settings_of(recipient: str) -> set[tuple[bool, bool, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT (data->>'open_tracking')::bool, (data->>'click_tracking')::bool, "
            "(data->>'initial_pixel')::bool FROM tracking_event WHERE rcpt_to = %s",
            [recipient],
        )
        return set(cursor.fetchall())


def test_of_a_stored_list(api: Api, peer: Peer) -> None:
    recipients = [{"address": "ines@example.net", "consent": {"tracking": True}}, DECLINED]
    assert api.post("recipient-lists", {"id": "readers", "recipients": recipients}).status_code == 200
    body = make_transmission(recipients={"list_id": "readers"}, content=CONTENT, options=ON)
    assert api.post("transmissions", body).status_code == 200
    generate()
    assert bodies(peer)["omar@example.net"] == HTML
    assert bodies(peer)["ines@example.net"].count("<img") == 2
    assert settings_of("omar@example.net") == {(False, False, False)}
    assert settings_of("ines@example.net") == {(True, True, True)}
    rollups.catch_up()
    window = {"from": "2020-01-01T00:00", "metrics": "count_accepted,count_open_tracked,count_click_tracked"}
    assert api.get("metrics/deliverability", **window).json()["results"] == [
        {"count_accepted": 2, "count_open_tracked": 1, "count_click_tracked": 1}
    ]


def test_of_inline_recipients_it_beats_their_options(api: Api, peer: Peer) -> None:
    body = make_transmission(recipients=[DECLINED | {"options": ON}], content=CONTENT, options=ON)
    assert api.post("transmissions", body).status_code == 200
    generate()
    assert bodies(peer) == {"omar@example.net": HTML}
    assert settings_of("omar@example.net") == {(False, False, False)}


def recipients_of_list(api: Api) -> Any:
    answer = api.get("recipient-lists/readers", show_recipients="true")
    return json.loads(b"".join(answer))["results"]["recipients"]


def test_it_survives_a_round_trip(api: Api) -> None:
    api.post("recipient-lists", {"id": "readers", "recipients": [DECLINED, {"address": "ines@example.net"}]})
    shown = recipients_of_list(api)
    assert shown == [
        {"address": {"email": "omar@example.net"}, "consent": {"tracking": False}},
        {"address": {"email": "ines@example.net"}},
    ]
    assert api.put("recipient-lists/readers", {"recipients": shown}).status_code == 200
    assert recipients_of_list(api) == shown


@pytest.mark.parametrize("consent", [{"tracking": "perhaps"}, {"tracking": 2}, "no", [1], {"tracking": {}}])
def test_what_says_neither_yes_nor_no_is_refused(api: Api, consent: Any) -> None:
    body = make_transmission(recipients=[{"address": "ines@example.net", "consent": consent}])
    answer = api.post("transmissions", body)
    assert answer.status_code == 400
    assert answer.json()["results"]["rcpt_to_errors"][0]["code"] == "1300"


@pytest.mark.parametrize("consent", [{}, None, [], {"tracking": None}, {"tracking": "true"}, {"other": False}])
def test_what_is_not_a_refusal_changes_nothing(api: Api, peer: Peer, consent: Any) -> None:
    recipients = [{"address": "ines@example.net", "consent": consent}]
    assert api.post("transmissions", make_transmission(recipients=recipients, content=CONTENT)).status_code == 200
    generate()
    assert settings_of("ines@example.net") == {(True, True, True)}
