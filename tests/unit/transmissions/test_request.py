from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from momentum.lib import clock
from momentum.lib.errors import ApiError
from transmissions.recipients import Refused
from transmissions.request import Submission, read_submission
from transmissions.values import Content, Recipient, TrackingFlags

NOW = datetime(2031, 5, 1, 12, tzinfo=UTC)
YEAR = timedelta(seconds=31_536_000)


@pytest.fixture(autouse=True)
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def make_body(**changes: Any) -> dict[str, Any]:
    """A complete request with `changes` at the top level; None leaves a key out."""
    body = {
        "recipients": [{"address": {"email": "ines@example.net"}}],
        "content": {"from": "news@mail.example.org", "subject": "News", "text": "Hello"},
        **changes,
    }
    return {key: value for key, value in body.items() if value is not None}


def make_content(**changes: Any) -> dict[str, Any]:
    return {"from": "news@mail.example.org", "subject": "News", "text": "Hello", **changes}


def read(body: Any) -> Submission:
    submission = read_submission(msgspec.json.encode(body), YEAR)
    submission.faults.raise_if_any()
    return submission


def faults(body: Any) -> list[tuple[int, str, str]]:
    """What a body is refused for: the status, then code and description of each fault."""
    with pytest.raises(ApiError) as refused:
        read(body)
    return [(refused.value.status, fault.code, fault.description) for fault in refused.value.faults]


def recipients(*sent: Any) -> list[Recipient | Refused]:
    return list(read(make_body(recipients=list(sent))).recipients)


def refusal(sent: Any) -> tuple[str, str]:
    (one,) = recipients(sent)
    assert isinstance(one, Refused)
    return one.fault.code, one.fault.description


def test_the_smallest_request_is_read() -> None:
    submission = read(make_body())
    assert isinstance(submission.content, Content)
    assert submission.content.sender is not None
    assert submission.content.sender.email == "news@mail.example.org"
    assert list(submission.recipients) == [Recipient(email="ines@example.net")]


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"content": None}, (422, "1400", "content object or template_id required")),
        ({"content": {}}, (422, "1400", "content object or template_id required")),
        ({"content": {"html": None, "text": None}}, (422, "1400", "content object or template_id required")),
        ({"recipients": None}, (422, "1400", "recipients or list_id required")),
        ({"recipients": {}}, (422, "1400", "recipients or list_id required")),
        ({"recipients": {"list_id": None}}, (422, "1400", "recipients or list_id required")),
        ({"content": make_content(**{"from": None})}, (422, "1400", "content.from is a required field")),
        ({"content": make_content(**{"from": {"name": "x"}})}, (422, "1400", "content.from is a required field")),
        ({"content": make_content(subject=None)}, (422, "1400", "content.subject is a required field")),
        (
            {"content": make_content(text="", html="")},
            (422, "1400", "at least one of text or html needs to exist in content"),
        ),
        (
            {"content": make_content(text=None, amp_html="<html amp4email>")},
            (422, "1400", "at least one of text or html needs to exist in content"),
        ),
        (
            {"content": make_content(**{"from": "example.org"})},
            (400, "2008", "no local part specified in sender address example.org"),
        ),
        ({"content": make_content(subject=5)}, (422, "1300", "'content.subject' must be a string")),
        (
            {"content": make_content(headers={"X-A": ["1"]})},
            (422, "1300", "'content.headers.X-A' must be a string"),
        ),
        (
            {"content": make_content(attachments=[{"name": "x" * 256, "type": "a/b", "data": ""}])},
            (422, "1300", "content.attachments[0].name is longer than 255 bytes"),
        ),
        (
            {"content": make_content(attachments=[{"name": "x", "data": ""}])},
            (422, "1400", "content.attachments[0].type is a required field"),
        ),
        (
            {"content": {"template_id": "x", "subject": ""}},
            (422, "1301", "Both content object and template_id are specified"),
        ),
        (
            {"content": {"email_rfc822": "From: a@b.test\n\nx", "text": "y"}},
            (422, "1301", "email_rfc822 must not be combined with other content"),
        ),
        ({"content": {"ab_test_id": "x"}}, (422, "1603", "ab_test_id 'x' does not exist")),
        (
            {"content": {"template_id": "x"}, "options": {"perform_substitutions": False}},
            (422, "1301", "perform_substitutions must not be false together with template_id"),
        ),
        ({"campaign_id": "é" * 33}, (422, "1300", "campaign_id is longer than 64 bytes")),
        ({"campaign_id": 7}, (422, "1300", "'campaign_id' must be a string")),
        ({"description": "x" * 1025}, (422, "1300", "description is longer than 1024 bytes")),
        ({"metadata": "x"}, (422, "1300", "'metadata' must be an object")),
        ({"metadata": {"x": "y" * 10_240}}, (422, "2007", "metadata exceeds 10240 bytes")),
        ({"substitution_data": {"x": "y" * 102_400}}, (422, "2002", "substitution_data exceeds 102400 bytes")),
        ({"options": {"open_tracking": "maybe"}}, (422, "1300", "'options.open_tracking' must be a boolean")),
        ({"options": {"start_time": "tomorrow"}}, (422, "1300", "invalid options.start_time: tomorrow")),
        (
            {"options": {"start_time": "2033-01-01T00:00:00Z"}},
            (422, "1300", "options.start_time is more than 31536000 seconds ahead"),
        ),
        ({"options": {"dkim_key": "k"}}, (400, "1100", "Invalid DKIM key ID k")),
        ({"return_path": "nobody"}, (422, "1300", "invalid return_path: nobody")),
        ({"tracking_domain": "click.test"}, (400, "7001", "tracking domain 'click.test' is not registered")),
        ({"override": {"list_id": "<a>\r\nX: y"}}, (422, "3002", "override.list_id must not contain line breaks")),
    ],
)
def test_a_fault_is_named(changes: dict[str, Any], expected: tuple[int, str, str]) -> None:
    body = {key: value for key, value in (make_body() | changes).items() if value is not None}
    assert faults(body) == [expected]


def test_a_recipients_object_with_an_address_is_a_wrong_type() -> None:
    assert faults(make_body(recipients={"address": "a@b.test"}))[0][1] == "1300"


def test_several_addresses_in_from_have_no_sending_domain() -> None:
    content = make_content(**{"from": "a@b.test, c@d.test"})
    assert faults(make_body(content=content)) == [(400, "7001", "No sending domain specified")]


def test_every_fault_is_listed_in_order_and_once() -> None:
    found = faults({"content": {"subject": 5}, "campaign_id": "x" * 65})
    assert [code for _, code, _ in found] == ["1400", "1300", "1400", "1400", "1300"]
    assert {status for status, _, _ in found} == {422}


@pytest.mark.parametrize("body", [b"null", b'"x"', b"5", b"[1]"])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(ApiError) as refused:
        read_submission(body, YEAR)
    assert (refused.value.status, refused.value.faults[0].code) == (422, "1300")


def test_a_body_that_is_no_json_is_unparsable() -> None:
    with pytest.raises(ApiError) as refused:
        read_submission(b"{", YEAR)
    assert (refused.value.status, refused.value.faults[0].message) == (400, "Request body parsing failed")


@pytest.mark.parametrize("empty", ["", [], None, {}])
def test_empty_metadata_in_any_form_is_none(empty: Any) -> None:
    assert read(make_body(metadata=empty, substitution_data=empty)).metadata == {}


def test_metadata_of_exactly_the_limit_is_taken() -> None:
    assert read(make_body(metadata={"x": "y" * (10_240 - 8)})).metadata


def test_data_nested_beyond_reason_is_refused() -> None:
    deep = '{"a":' * 200 + "1" + "}" * 200
    body = msgspec.json.encode(make_body(metadata={"x": msgspec.Raw(deep.encode())}))
    with pytest.raises(ApiError) as refused:
        read_submission(body, YEAR)
    assert "nested" in refused.value.faults[0].description


@pytest.mark.parametrize(
    "text, expected",
    [
        ("now", None),
        ("2031-05-02T08:30:00+02:00", datetime(2031, 5, 2, 6, 30, tzinfo=UTC)),
        ("2031-05-02T08:30:00Z", datetime(2031, 5, 2, 8, 30, tzinfo=UTC)),
        ("2031-05-02T08:30:00.250Z", datetime(2031, 5, 2, 8, 30, 0, 250_000, tzinfo=UTC)),
        ("2031-05-02T08:30+05:45", datetime(2031, 5, 2, 2, 45, tzinfo=UTC)),
        ("2031-05-02T08:30:00-11:30", datetime(2031, 5, 2, 20, tzinfo=UTC)),
        ("2031-05-02T08:30:00", datetime(2031, 5, 2, 8, 30, tzinfo=UTC)),
        ("2020-01-01T00:00:00Z", datetime(2020, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_start_time_is_read(text: str, expected: datetime | None) -> None:
    assert read(make_body(options={"start_time": text})).options.start_at == expected


def test_options_are_kept_as_booleans_and_only_if_set() -> None:
    sent = {"open_tracking": "true", "click_tracking": 0, "initial_open": None, "skip_suppression": False, "x": 1}
    options = read(make_body(options=sent)).options
    assert options.flags == TrackingFlags(open_tracking=True, click_tracking=False)
    assert options.as_sent == {"open_tracking": True, "click_tracking": False}


def test_a_recipient_is_read_whole() -> None:
    sent = {
        "address": {"email": "Ines@Example.net", "name": "Silva, Ines {{x}}", "header_to": ""},
        "return_path": "bounce@example.org",
        "tags": [str(number) for number in range(12)],
        "metadata": {"uid": "u-7", "big": 9007199254740993},
        "substitution_data": {"city": "Faro"},
        "options": {"click_tracking": False, "other": 1},
    }
    assert recipients(sent) == [
        Recipient(
            email="Ines@Example.net",
            name="Silva, Ines {{x}}",
            header_to="",
            return_path="bounce@example.org",
            tags=tuple(str(number) for number in range(10)),
            metadata={"uid": "u-7", "big": 9007199254740993},
            substitution_data={"city": "Faro"},
            options=TrackingFlags(click_tracking=False),
        )
    ]


def test_an_address_may_be_a_string_with_or_without_a_name() -> None:
    assert recipients({"address": "a@b.test"}, {"address": "Ana Silva <a@b.test>"}) == [
        Recipient(email="a@b.test"),
        Recipient(email="a@b.test", name="Ana Silva"),
    ]


@pytest.mark.parametrize(
    "sent, expected",
    [
        ("a@b.test", ("1300", "recipient is not a JSON object")),
        (5, ("1300", "recipient is not a JSON object")),
        (None, ("1300", "recipient is not a JSON object")),
        ({}, ("1400", "address.email is required for each recipient")),
        ({"address": None}, ("1400", "address.email is required for each recipient")),
        ({"address": {}}, ("1400", "address.email is required for each recipient")),
        ({"address": {"email": ""}}, ("1400", "address.email is required for each recipient")),
        (
            {"address": {"email": "ana-at-example.org"}},
            ("1300", "invalid recipient address.email: ana-at-example.org"),
        ),
        (
            {"address": "a@b.test", "return_path": "nobody"},
            ("1300", "invalid recipient return_path: nobody"),
        ),
        (
            {"address": "a@b.test", "metadata": {"x": "y" * 10_240}},
            ("2007", "metadata of recipient a@b.test exceeds 10240 bytes"),
        ),
        (
            {"address": "a@b.test", "substitution_data": {"x": "y" * 102_400}},
            ("2002", "substitution_data of recipient a@b.test exceeds 102400 bytes"),
        ),
        (
            {"address": "a@b.test", "options": {"click_tracking": "maybe"}},
            ("1300", "options of recipient a@b.test must be booleans"),
        ),
    ],
)
def test_a_bad_recipient_is_refused_by_name(sent: Any, expected: tuple[str, str]) -> None:
    assert refusal(sent) == expected


@pytest.mark.parametrize(
    "field, value", [("metadata", "x"), ("substitution_data", 5), ("tags", "x"), ("tags", [5])]
)
def test_a_recipient_field_of_a_wrong_type_is_refused(field: str, value: Any) -> None:
    assert refusal({"address": "a@b.test", field: value})[0] == "1300"


def test_empty_php_arrays_are_forgiven() -> None:
    assert recipients({"address": "a@b.test", "metadata": [], "options": []}) == [Recipient(email="a@b.test")]


def test_a_recipient_nested_beyond_reason_is_refused_alone() -> None:
    deep = b'{"a":' * 300 + b"1" + b"}" * 300
    body = msgspec.json.encode(
        make_body(
            recipients=[{"address": "a@b.test", "metadata": {"x": msgspec.Raw(deep)}}, {"address": "c@d.test"}]
        )
    )
    first, second = read_submission(body, YEAR).recipients
    assert isinstance(first, Refused)
    assert second == Recipient(email="c@d.test")
