"""The rules and edge cases of contract 10, from the request to the message that arrives."""

import base64
import email
import email.policy
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from django.db import connection
from django.test import override_settings

from momentum.lib import clock
from tests.api import Api, fault_of, make_transmission
from tests.integration.test_pipeline import event, events, generate, pass_time, received
from tests.smtp_peers import Peer, serving
from transmissions.chunks import unpack
from transmissions.models import Chunk, Template, Transmission
from transmissions.pipeline import jobs, trying

pytestmark = pytest.mark.django_db(transaction=True)

HTML = "<html><body><a href='https://shop.test/x'>x</a></body></html>"


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


def make_content(**changes: Any) -> dict[str, Any]:
    content = {"from": "news@mail.example.org", "subject": "News", "text": "Hello", **changes}
    return {key: value for key, value in content.items() if value is not None}


def refusal(api: Api, body: Any) -> tuple[int, str, str]:
    answer = api.post("transmissions", body)
    assert not Transmission.objects.exists()
    return fault_of(answer)


def accepted(api: Api, **changes: Any) -> str:
    answer = api.post("transmissions", make_transmission(**changes))
    assert answer.status_code == 200, answer.content
    return str(answer.json()["results"]["id"])


def shown(api: Api, transmission_id: str) -> dict[str, Any]:
    return dict(api.get(f"transmissions/{transmission_id}").json()["results"]["transmission"])


def messages(peer: Peer) -> dict[str, Any]:
    """What arrived, parsed, by envelope recipient."""
    return {
        taken.rcpt.removeprefix("RCPT TO:<").rstrip(">"): email.message_from_bytes(
            taken.data, policy=email.policy.default
        )
        for taken in peer.taken
    }


# --- the request (§1–§3, §6)


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"content": ""}, (422, "1400", "content object or template_id required")),
        ({"content": "x"}, (422, "1300", "'content' must be an object")),
        ({"content": {"template_id": "a\0b"}}, (422, "1300", "content.template_id contains a NUL character")),
        ({"recipients": {"list_id": "a\0b"}}, (422, "1300", "recipients.list_id contains a NUL character")),
        ({"recipients": {"list_id": ""}}, (422, "1400", "recipients or list_id required")),
        (
            {"recipients": {"address": "a@b.test"}},
            (422, "1300", "'recipients' must be an array or an object with list_id"),
        ),
        ({"recipients": "x"}, (422, "1300", "'recipients' must be an array or an object with list_id")),
        ({"num_rcpt_errors": -1}, (400, "1200", "num_rcpt_errors must be an integer of at least 0")),
        ({"num_rcpt_errors": "many"}, (400, "1200", "num_rcpt_errors must be an integer of at least 0")),
        ({"num_rcpt_errors": True}, (400, "1200", "num_rcpt_errors must be an integer of at least 0")),
        ({"campaign_id": "é" * 32 + "x"}, (422, "1300", "campaign_id is longer than 64 bytes")),
        ({"metadata": {"x": "y" * 10_233}}, (422, "2007", "metadata exceeds 10240 bytes")),
        ({"options": {"sandbox": "perhaps"}}, (422, "1300", "'options.sandbox' must be a boolean")),
        ({"options": "x"}, (422, "1300", "'options' must be an object")),
        ({"options": {"start_time": 5}}, (422, "1300", "'options.start_time' must be a string")),
        ({"options": {"start_time": "2026-01-01"}}, (422, "1300", "invalid options.start_time: 2026-01-01")),
        ({"options": {"start_time": "20260101T1200"}}, (422, "1300", "invalid options.start_time: 20260101T1200")),
        (
            {"options": {"start_time": "2026-02-30T12:00:00Z"}},
            (422, "1300", "invalid options.start_time: 2026-02-30T12:00:00Z"),
        ),
        (
            {"content": {"template_id": "x", "email_rfc822": "From: a@b.test\n\nx"}},
            (422, "1301", "email_rfc822 must not be combined with template_id"),
        ),
        (
            {"content": {"ab_test_id": "x", "text": "y"}},
            (422, "1301", "ab_test_id must not be combined with other content"),
        ),
        (
            {"content": {"ab_test_id": "x"}, "recipients": [{"address": "a@b.test"}] * 2},
            (422, "1301", "ab_test_id takes exactly one recipient"),
        ),
        (
            {"content": {"ab_test_id": "x"}, "recipients": {"list_id": "y"}},
            (422, "1301", "ab_test_id takes exactly one recipient"),
        ),
        (
            {"content": make_content(**{"from": "A <a@b.test>, C <c@d.test>"})},
            (400, "7001", "No sending domain specified"),
        ),
        (
            {"content": make_content(**{"from": "@mail.example.org"})},
            (400, "2008", "no local part specified in sender address @mail.example.org"),
        ),
        (
            {"content": {"email_rfc822": "From: a@b.test\r\n\r\n" + "x" * (20 * 1024 * 1024)}},
            (422, "1300", "content exceeds 20971520 bytes"),
        ),
    ],
)
def test_a_request_that_is_refused(api: Api, changes: dict[str, Any], expected: tuple[int, str, str]) -> None:
    assert refusal(api, make_transmission(**changes)) == expected


@pytest.mark.parametrize(
    "changes, code",
    [
        (make_content(subject="a\r\nBcc: x@y.test"), "3002"),
        (make_content(headers={"X-A": "a\nb"}), "3002"),
        (make_content(headers={"X-A\r\nBcc": "a"}), "3002"),
        *(
            (make_content(headers={name: "x"}), "3002")
            for name in ("To", "from", "SUBJECT", "Reply-To", "Content-Type")
        ),
        (make_content(headers={"X-A": {"b": 1}}), "1300"),
        (make_content(attachments=[{"name": "a", "type": "text/plain", "data": "aGVsbG8"}]), "3010"),
        (make_content(attachments=[{"name": "a", "type": "text/plain", "data": "####"}]), "3010"),
        (make_content(attachments=[{"type": "text/plain", "data": "aGVsbG8="}]), "1400"),
        (make_content(inline_images=[{"name": "i", "type": "image/png", "data": "aGVsbG8="}] * 2), "3010"),
        (make_content(html="{{ if }}"), "3000"),
        ({"email_rfc822": "no header here"}, "3020"),
    ],
)
def test_content_that_is_refused(api: Api, changes: dict[str, Any], code: str) -> None:
    assert refusal(api, make_transmission(content=changes))[:2] == (422, code)


def test_faults_of_domains_come_after_those_of_fields_and_references(api: Api) -> None:
    both = {"tracking_domain": "click.test", "content": make_content(**{"from": "a@b.test, c@d.test"})}
    answer = api.post("transmissions", make_transmission(**both))
    assert [error["code"] for error in answer.json()["errors"]] == ["7001", "7001"]
    assert refusal(api, make_transmission(**both, campaign_id=7))[:2] == (422, "1300")
    assert refusal(api, make_transmission(**both, recipients={"list_id": "nope"}))[:2] == (422, "1603")


def test_an_unknown_dkim_key_says_so_in_its_message(api: Api) -> None:
    answer = api.post("transmissions", make_transmission(options={"dkim_key": "7"}))
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["code"], error["message"]) == (400, "1100", "Invalid DKIM key ID 7")


def test_a_caller_that_opted_in_is_still_told_of_what_is_not_language(api: Api) -> None:
    content = make_content(text="{{ name", headers={"X-A": "a\r\nb"})
    answer = api.post("transmissions", make_transmission(content=content), **{"X-MSYS-OPT-IN": "1"})
    assert [error["code"] for error in answer.json()["errors"]] == ["3002"]


@pytest.mark.parametrize(
    "changes",
    [
        {"options": {}, "override": {}},
        {"options": {"unknown": 1, "start_time": ""}, "something": [1]},
        {"options": None, "metadata": "", "substitution_data": []},
        {"return_path": ""},
        {"campaign_id": "é" * 32},
        {"metadata": {"x": "y" * 10_232}},
        {"content": {"template_id": "", **make_content()}},
        {"content": make_content(html=None, amp_html=None, email_rfc822="", template_id=None)},
        {"content": make_content(subject="")},
        {"content": make_content(headers={"X-Null": None, "X-Number": 5, "X-True": True})},
        {"content": {"email_rfc822": "From: a@b.test\n\nx", "text": "", "html": None}},
        {
            "content": make_content(
                attachments=[{"name": "", "type": "text/plain; charset=x", "data": "aGVs\r\nbG8="}]
            )
        },
        {"recipients": [{"address": "a@b.test", "metadata": "", "tags": [], "options": {}, "return_path": None}]},
    ],
)
def test_what_clients_send_and_mean_nothing_by(api: Api, changes: dict[str, Any]) -> None:
    transmission_id = accepted(api, **changes)
    assert shown(api, transmission_id)["options"] == {}


@pytest.mark.parametrize(
    "text, ahead",
    [
        ("now", 0),
        ("NOW", 0),
        ("2020-01-01T00:00:00Z", 0),
        ("{:%Y-%m-%dT%H:%M:%S}Z", 2),
        ("{:%Y-%m-%dT%H:%M}+00:00", 2),
        ("{:%Y-%m-%dT%H:%M:%S}.123456789Z", 2),
        ("{:%Y-%m-%dT%H:%M:%S}", 2),
        ("{:%Y-%m-%dT%H:%M:%S}+05:45", -3.75),
        ("{:%Y-%m-%dT%H:%M:%S}-11:30", 13.5),
    ],
)
def test_forms_of_the_start_time(api: Api, text: str, ahead: float) -> None:
    """`ahead` are the hours from now at which generation starts; 0 and less mean at once."""
    sent = text.format(datetime.now(UTC) + timedelta(hours=2))
    transmission_id = accepted(api, options={"start_time": sent})
    stored = Transmission.objects.get()
    assert shown(api, transmission_id)["options"]["start_time"] == sent
    assert stored.is_scheduled is (ahead > 0)
    expected = timedelta(hours=max(ahead, 0))
    assert abs(stored.start_at - stored.created_at - expected) < timedelta(seconds=90)


def test_two_identical_posts_make_two_transmissions(api: Api) -> None:
    assert accepted(api) != accepted(api)


def test_a_transmission_without_campaign_is_found_by_the_empty_one(api: Api) -> None:
    two = [{"address": "a@b.test"}, {"address": "c@d.test"}]
    wanted = accepted(api, campaign_id=None, recipients=two)
    accepted(api, recipients=two)
    assert [row["id"] for row in api.get("transmissions", campaign_id="").json()["results"]] == [wanted]
    assert len(api.get("transmissions").json()["results"]) == 2
    assert fault_of(api.get("transmissions?campaign_id=%00"))[:2] == (400, "1200")


# --- recipients (§4)


def test_each_fault_of_a_recipient_has_its_code_and_words(api: Api) -> None:
    much_metadata = {"address": "a@b.test", "metadata": {"x": "y" * 10_233}}
    much_data = {"address": "a@b.test", "substitution_data": {"x": "y" * 102_400}}
    bad: list[tuple[Any, str, str]] = [
        ({}, "1400", "address.email is required for each recipient"),
        ({"address": None}, "1400", "address.email is required for each recipient"),
        ({"address": {"name": "x"}}, "1400", "address.email is required for each recipient"),
        ({"address": {"email": ""}}, "1400", "address.email is required for each recipient"),
        ({"address": ""}, "1400", "address.email is required for each recipient"),
        ({"address": {"email": "nobody"}}, "1300", "invalid recipient address.email: nobody"),
        ({"address": "a b@c.test"}, "1300", "invalid recipient address.email: a b@c.test"),
        ({"address": "a@"}, "1300", "invalid recipient address.email: a@"),
        ({"address": "a@b..test"}, "1300", "invalid recipient address.email: a@b..test"),
        ({"address": {"email": "a@b.test\r\nX"}}, "1300", "invalid recipient address.email: a@b.test\r\nX"),
        ("a@b.test", "1300", "recipient is not a JSON object"),
        (None, "1300", "recipient is not a JSON object"),
        (7, "1300", "recipient is not a JSON object"),
        (much_metadata, "2007", "metadata of recipient a@b.test exceeds 10240 bytes"),
        (much_data, "2002", "substitution_data of recipient a@b.test exceeds 102400 bytes"),
        ({"address": "a@b.test", "return_path": "nobody"}, "1300", "invalid recipient return_path: nobody"),
        ({"address": {"email": "a@b.test", "name": "x\0"}}, "1300", "recipient address contains a NUL character"),
    ]  # fmt: skip
    wrong_types = [
        *({"address": "a@b.test", name: 5} for name in ("metadata", "substitution_data", "tags", "options")),
        {"address": "a@b.test", "tags": [1]},
        {"address": "a@b.test", "options": {"click_tracking": "maybe"}},
        {"address": 5},
        {"address": {"email": 5}},
    ]
    sent = [one for one, _, _ in bad] + wrong_types + [{"address": "fine@b.test"}]
    results = api.post("transmissions", make_transmission(recipients=sent)).json()["results"]
    errors = results["rcpt_to_errors"]
    assert [(e["code"], e["description"]) for e in errors[: len(bad)]] == [(c, d) for _, c, d in bad]
    assert {error["code"] for error in errors[len(bad) :]} == {"1300"}
    assert (results["total_accepted_recipients"], results["total_rejected_recipients"]) == (1, len(sent) - 1)
    assert errors[0]["message"] == "required field is missing"
    assert errors[5]["message"] == "invalid data format/type/length"
    assert {tuple(sorted(error)) for error in errors} == {("code", "description", "message")}


def test_recipients_at_the_very_limits_are_taken(api: Api) -> None:
    long_local = "l" * 64
    label = ".".join(["d" * 61] * 3)
    sent = [
        {"address": "a@b.test", "metadata": {"x": "y" * 10_232}, "substitution_data": {"x": "y" * 102_392}},
        {"address": f"{long_local}@{label}.t"},
        {"address": "Name <in@angle.test>"},
        {"address": "<bare@angle.test>"},
        {"address": "ünï@example.net"},
        {"address": {"email": "a@bücher.test"}},
        {"address": "a@b.test", "tags": [f"t{n}" for n in range(12)] + ["t1"]},
        {"address": "a@b.test", "tags": ["one", "one", "two"]},
        {"address": "a@b.test", "return_path": "b@bücher.test"},
    ]
    results = api.post("transmissions", make_transmission(recipients=sent)).json()["results"]
    assert results["total_rejected_recipients"] == 0, results
    stored = unpack(Chunk.objects.get().recipients)
    assert [one.email for one in stored[2:6]] == [
        "in@angle.test",
        "bare@angle.test",
        "ünï@example.net",
        "a@xn--bcher-kva.test",
    ]
    assert stored[2].name == "Name"
    assert len(stored[6].tags) == 10
    assert stored[7].tags == ("one", "two")
    assert stored[8].return_path == "b@xn--bcher-kva.test"


def test_nul_is_dropped_from_data_and_harms_nobody(api: Api, peer: Peer) -> None:
    recipient = {
        "address": "a@example.net",
        "metadata": {"k\0ey": "v\0alue"},
        "substitution_data": {"name": "A\0na", "n": ["\0"]},
        "tags": ["t\0ag"],
    }
    content = make_content(text="Hi {{name}}\0", html="<p>\0{{name}}</p>")
    accepted(
        api,
        recipients=[recipient],
        content=content,
        metadata={"m": "\0"},
        description="d\0",
        substitution_data={"s": "\0"},
    )
    prebuilt = {"email_rfc822": "From: a@b.test\r\nSubject: s\0ubject\r\n\r\nx\0"}
    accepted(api, recipients=[{"address": "b@example.net"}], content=prebuilt)
    generate()
    assert set(events().values()) == {1}
    assert received(peer) == ["a@example.net", "b@example.net"]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT data->'rcpt_meta', data->'rcpt_tags' FROM tracking_event WHERE rcpt_to = 'a@example.net'"
        )
        assert [msgspec.json.decode(value) if isinstance(value, str) else value for value in cursor.fetchone()] == [
            {"key": "value", "m": ""},
            ["tag"],
        ]


@pytest.mark.parametrize("subject", ["=?utf-8?q?a=00b?=", "=?utf-8?q?=ff?=", "=?utf-7?q?+2AA-?="])
def test_odd_subjects_of_pre_built_messages_reach_the_event_log(api: Api, peer: Peer, subject: str) -> None:
    accepted(api, content={"email_rfc822": f"From: a@b.test\r\nSubject: {subject}\r\n\r\nx"})
    generate()
    assert set(events().values()) == {1}


@pytest.mark.parametrize(
    "metadata, status",
    [('{"x": 1e400}', 422), (r'{"x": "\ud800"}', 400), ('{"x": 123456789012345678901234567890}', 200)],
)
def test_odd_values_of_metadata(api: Api, peer: Peer, metadata: str, status: int) -> None:
    content = '{"from": "a@b.test", "subject": "x", "text": "x"}'
    body = f'{{"content": {content}, "recipients": [{{"address": "a@b.test", "metadata": {metadata}}}]}}'
    assert api.post("transmissions", body).status_code == status
    generate()
    assert len(events()) == (2 if status == 200 else 0)


# --- what arrives (§2.1, §3, §5, §6.3, §6.4)


def test_the_to_of_each_form_of_address(api: Api, peer: Peer) -> None:
    several = "Ü <u@example.net>, v@example.net"
    forms: list[tuple[Any, str | None]] = [
        ("r0@example.net", "r0@example.net"),
        ({"email": "r1@example.net"}, "r1@example.net"),
        ({"email": "r2@example.net", "name": "Ana"}, "Ana <r2@example.net>"),
        ({"email": "r3@example.net", "header_to": "x@example.net"}, "x@example.net"),
        ({"email": "r4@example.net", "header_to": "x@example.net", "name": "X"}, "X <x@example.net>"),
        ({"email": "r5@example.net", "header_to": "Y <y@example.net>", "name": "X"}, "Y <y@example.net>"),
        ({"email": "r6@example.net", "header_to": ""}, ""),
        ({"email": "r7@example.net", "header_to": several}, several),
        ({"email": "r8@example.net", "name": 'Do, "Jo" {{x}} é'}, '"Do, \\"Jo\\" {{x}} é" <r8@example.net>'),
        ({"email": "r9@example.net", "name": "a\r\nBcc: b@c.test"}, None),
    ]  # fmt: skip
    accepted(api, recipients=[{"address": address} for address, _ in forms])
    generate()
    arrived = messages(peer)
    for number, (_, expected) in enumerate(forms):
        message = arrived[f"r{number}@example.net"]
        assert not message.defects
        assert "Bcc" not in message
        if expected is not None:
            assert str(message["To"]) == expected


def test_cc_goes_into_the_header_and_bcc_does_not(api: Api, peer: Peer) -> None:
    content = make_content(headers={"CC": "Ç <c@example.net>, d@example.net", "bcc": "hidden@example.net"})
    accepted(api, content=content)
    generate()
    (message,) = messages(peer).values()
    assert (message["Cc"], message["Bcc"]) == ("Ç <c@example.net>, d@example.net", None)


def test_flags_of_a_recipient_win_and_each_flag_stands_alone(api: Api, peer: Peer) -> None:
    recipients = [
        {"address": "plain@example.net"},
        {"address": "clicks@example.net", "options": {"click_tracking": True}},
        {"address": "top@example.net", "options": {"initial_open": True}},
    ]
    options = {"click_tracking": False, "open_tracking": False}
    accepted(api, recipients=recipients, options=options, content=make_content(html=HTML, text=None))
    generate()
    arrived = {address: str(message.get_content()) for address, message in messages(peer).items()}
    assert "/f/" not in arrived["plain@example.net"] + arrived["top@example.net"]
    assert "/f/" in arrived["clicks@example.net"]
    assert [arrived[f"{name}@example.net"].count("/q/") for name in ("plain", "clicks", "top")] == [0, 0, 1]
    assert arrived["top@example.net"].index("/q/") < arrived["top@example.net"].index("shop.test")


def test_the_same_address_twice_gets_two_messages_with_links_of_their_own(api: Api, peer: Peer) -> None:
    accepted(api, recipients=[{"address": "a@example.net"}] * 2, content=make_content(html=HTML, text=None))
    generate()
    first, second = (taken.data for taken in peer.taken)
    assert first[first.index(b"/f/") :] != second[second.index(b"/f/") :]


def test_override_replaces_from_reply_to_and_list_id(api: Api, peer: Peer) -> None:
    override = {"from": {"email": "desk@b.test"}, "reply_to": "R <r@b.test>", "list_id": "<{{x}}.b.test>"}
    content = make_content(**{"from": "News <news@a.test>", "reply_to": "old@a.test"})
    accepted(api, override=override, content=content)
    generate()
    (message,) = messages(peer).values()
    assert (message["From"], message["Reply-To"]) == ("News <desk@b.test>", "R <r@b.test>")
    assert message["List-Id"] == "<{{x}}.b.test>"


def test_the_return_path_of_the_recipient_wins_and_may_be_personalised(api: Api, peer: Peer) -> None:
    recipients = [
        {"address": "one@example.net", "return_path": "own@b.test"},
        {"address": "two@example.net", "substitution_data": {"id": "77"}, "return_path": ""},
    ]
    accepted(api, recipients=recipients, return_path="bounce+{{id}}@b.test")
    generate()
    senders = {taken.rcpt: taken.mail for taken in peer.taken}
    assert "<own@b.test>" in senders["RCPT TO:<one@example.net>"]
    assert "<bounce+77@b.test>" in senders["RCPT TO:<two@example.net>"]


def test_headers_are_kept_converted_or_left_out(api: Api, peer: Peer) -> None:
    headers = {
        "Message-ID": "<mine@b.test>",
        "X-Number": 5,
        "X-Null": None,
        "X-Empty": "{{missing}}",
        "X-Injected": "{{line}}",
        "X-MSYS-API": "{}",
        "List-Unsubscribe": "<mailto:u@b.test>",
    }
    data = {"line": "a\r\nBcc: b@c.test"}
    accepted(api, content=make_content(headers=headers), substitution_data=data)
    accepted(
        api,
        content=make_content(headers=headers),
        options={"transactional": True},
        recipients=[{"address": "transactional@example.net"}],
    )
    generate()
    arrived = messages(peer)
    message = arrived["ines@example.net"]
    assert (message["Message-ID"], message["X-Number"]) == ("<mine@b.test>", "5")
    assert "X-Null" not in message
    assert "X-MSYS-API" not in message
    assert "Bcc" not in message
    assert "X-Empty" in message
    assert str(message["List-Unsubscribe"]) != "<mailto:u@b.test>"
    assert str(arrived["transactional@example.net"]["List-Unsubscribe"]) == "<mailto:u@b.test>"


def test_a_pre_built_message_keeps_what_it_has(api: Api, peer: Peer) -> None:
    source = "From: A <a@b.test>\nTo: Someone <s@b.test>\nSubject: {{s}}\nMessage-ID: <own@b.test>\n\nSee https://shop.test/x"
    accepted(
        api, content={"email_rfc822": source}, substitution_data={"s": "Set"}, options={"click_tracking": True}
    )
    generate()
    (message,) = messages(peer).values()
    assert (message["To"], message["Subject"], message["Message-ID"]) == (
        "Someone <s@b.test>",
        "Set",
        "<own@b.test>",
    )
    assert "/f/" in message.get_content()
    assert event("injection")["sending_domain"] == "b.test"


def test_bodies_without_substitutions_are_literal_but_tracked(api: Api, peer: Peer) -> None:
    content = make_content(subject="For {{name}}", text="{{name}} {{ if https://shop.test/x")
    accepted(
        api,
        content=content,
        substitution_data={"name": "Ana"},
        options={"perform_substitutions": False, "click_tracking": True},
    )
    generate()
    (message,) = messages(peer).values()
    assert message["Subject"] == "For Ana"
    assert message.get_content().startswith("{{name}} {{ if http://")
    assert "/f/" in message.get_content()


def test_attachments_are_neither_substituted_nor_tracked(api: Api, peer: Peer) -> None:
    data = base64.b64encode(b"{{name}} https://shop.test/x").decode()
    files = [{"name": "", "type": 'text/plain; charset="iso-8859-1"', "data": data}]
    accepted(api, content=make_content(attachments=files), options={"click_tracking": True})
    generate()
    (message,) = messages(peer).values()
    (attachment,) = message.iter_attachments()
    assert attachment.get_filename() is None
    assert attachment.get_content_charset() == "iso-8859-1"
    assert attachment.get_content().rstrip() == "{{name}} https://shop.test/x"


def test_data_merges_by_top_level_key(api: Api, peer: Peer) -> None:
    content = make_content(text="{{a}}|{{b}}|{{c}}|{{d}}|{{deep.x}}|{{deep.y}}")
    recipient = {
        "address": "a@example.net",
        "substitution_data": {"a": "rs", "deep": {"x": 1}},
        "metadata": {"a": "rm", "b": "rm", "c": "rm"},
    }
    accepted(
        api,
        content=content,
        recipients=[recipient],
        substitution_data={"a": "ts", "b": "ts", "deep": {"x": 2, "y": 2}},
        metadata={"a": "tm", "b": "tm", "c": "tm", "d": "tm"},
    )
    generate()
    (message,) = messages(peer).values()
    assert message.get_content().rstrip() == "rs|ts|rm|tm|1|"
    assert event("injection")["rcpt_meta"] == {"a": "rm", "b": "rm", "c": "rm", "d": "tm"}


def test_full_metadata_of_both_levels_reaches_the_events(api: Api, peer: Peer) -> None:
    recipient = {"address": "a@example.net", "metadata": {"r": "x" * 10_232}}
    accepted(api, recipients=[recipient], metadata={"t": "x" * 10_232}, content=make_content(html=HTML))
    generate()
    assert {name: len(value) for name, value in event("delivery")["rcpt_meta"].items()} == {
        "r": 10_232,
        "t": 10_232,
    }
    assert all(len(line) < 998 for line in peer.taken[0].data.split(b"\r\n"))


# --- scheduling, references, cancelling (§9, §12, §13)


def test_a_list_emptied_before_the_start_ends_the_transmission(
    api: Api, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.post("recipient-lists", {"id": "readers", "recipients": [{"address": "a@example.net"}]})
    start = {"start_time": (clock.now() + timedelta(hours=2)).isoformat()}
    transmission_id = accepted(api, recipients={"list_id": "readers"}, options=start)
    two = [{"address": "b@example.net", "options": {"click_tracking": False}}, {"address": "c@example.net"}]
    assert api.put("recipient-lists/readers", {"recipients": two}).status_code == 200
    pass_time(monkeypatch, timedelta(minutes=111))
    assert fault_of(api.put("recipient-lists/readers", {"recipients": two}))[:2] == (409, "1602")
    assert fault_of(api.delete("recipient-lists/readers"))[:2] == (409, "1602")
    pass_time(monkeypatch, timedelta(minutes=10))
    generate()
    assert received(peer) == ["b@example.net", "c@example.net"]
    assert shown(api, transmission_id)["num_rcpts"] == 2
    assert shown(api, transmission_id)["state"] == "Success"


def test_an_empty_list_is_nobody(api: Api) -> None:
    from transmissions.models import RecipientList

    RecipientList.objects.create(key="empty", name="empty", updated_at=clock.now())
    assert refusal(api, make_transmission(recipients={"list_id": "empty"}))[:2] == (400, "5002")


def test_draft_and_published_are_told_apart_and_kept_from_deletion(api: Api) -> None:
    content = make_content()
    api.post("templates", {"id": "draft", "content": content})
    api.post("templates", {"id": "published", "content": content, "published": True})
    for template_id, use_draft, code in (
        ("draft", False, "2005"),
        ("published", True, "2004"),
        ("none", False, "1603"),
    ):
        named = {"template_id": template_id, "use_draft_template": use_draft}
        assert refusal(api, make_transmission(content=named))[:2] == (422, code)
    start = {"start_time": (clock.now() + timedelta(hours=2)).isoformat()}
    transmission_id = accepted(api, content={"template_id": "draft", "use_draft_template": True}, options=start)
    assert shown(api, transmission_id)["content"] == {"template_id": "draft", "use_draft_template": True}
    assert fault_of(api.delete("templates/draft"))[:2] == (409, "1602")


def test_a_template_that_is_gone_fails_every_recipient(api: Api, peer: Peer) -> None:
    api.post("templates", {"id": "gone", "content": make_content(), "published": True})
    transmission_id = accepted(
        api, content={"template_id": "gone"}, recipients=[{"address": "a@b.test"}, {"address": "c@d.test"}]
    )
    Template.objects.all().delete()
    generate()
    assert events() == {("a@b.test", "generation_failure"): 1, ("c@d.test", "generation_failure"): 1}
    told = shown(api, transmission_id)
    assert (told["state"], told["num_generated"], told["num_failed_gen"]) == ("Success", 0, 2)


def test_a_bad_personal_sender_fails_only_its_recipient(api: Api, peer: Peer) -> None:
    recipients = [
        {"address": "good@example.net", "substitution_data": {"domain": "b.test"}},
        {"address": "bad@example.net", "substitution_data": {"domain": "not a domain"}},
    ]
    accepted(api, recipients=recipients, content=make_content(**{"from": "news@{{domain}}"}))
    generate()
    assert received(peer) == ["good@example.net"]
    assert events()["bad@example.net", "generation_failure"] == 1


def test_cancelling_a_campaign_writes_administrative_bounces(api: Api, peer: Peer) -> None:
    done = accepted(api)
    generate()
    start = {"start_time": (clock.now() + timedelta(minutes=1)).isoformat()}
    soon = accepted(api, options=start, recipients=[{"address": "soon@example.net"}])
    assert fault_of(api.delete(f"transmissions/{soon}"))[:2] == (409, "2003")
    assert api.delete("transmissions?campaign_id=spring-31").status_code == 204
    generate()
    bounce = event("bounce")
    assert (bounce["rcpt_to"], bounce["bounce_class"], bounce["error_code"]) == ("soon@example.net", 25, "554")
    assert bounce["reason"] == "554 5.7.1 [internal] Campaign cancelled"
    assert (shown(api, done)["state"], shown(api, soon)["state"]) == ("Success", "Canceled")
    for transmission_id, words in ((done, "has completed (state=Success)"), (soon, "(state=Canceled)")):
        status, code, description = fault_of(api.delete(f"transmissions/{transmission_id}"))
        assert (status, code) == (409, "2006")
        assert description.endswith(words)


def test_a_list_transmission_cancelled_before_its_start_bounces_everybody(api: Api, peer: Peer) -> None:
    api.post("recipient-lists", {"id": "readers", "recipients": [{"address": f"r{n}@b.test"} for n in range(3)]})
    start = {"start_time": (clock.now() + timedelta(hours=2)).isoformat()}
    transmission_id = accepted(api, recipients={"list_id": "readers"}, options=start)
    assert api.delete(f"transmissions/{transmission_id}/").status_code == 204
    generate()
    assert events() == {(f"r{n}@b.test", "bounce"): 1 for n in range(3)}
    assert api.delete("recipient-lists/readers").status_code == 200
