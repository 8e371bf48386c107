"""django-anymail's SparkPost backend, unchanged, against the running program (contract 00 §11)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from anymail.exceptions import AnymailRequestsAPIError
from anymail.message import AnymailMessage
from django.core import mail
from django.test import override_settings
from sparkpost.templates import Templates

from tests.program import Program, running

pytestmark = pytest.mark.program

IMAGE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 5
LINK = re.compile(r"http://\S+/f/[\w/-]+")


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with running() as program:
        yield program


@pytest.fixture(autouse=True)
def _anymail(program: Program) -> Iterator[None]:
    with override_settings(
        EMAIL_BACKEND="anymail.backends.sparkpost.EmailBackend",
        ANYMAIL={"SPARKPOST_API_KEY": program.api_key, "SPARKPOST_API_URL": f"{program.url}/api/v1"},
    ):
        yield


def make_message(**changes: Any) -> AnymailMessage:
    fields = {"subject": "Hello", "body": "Hi.", "from_email": "News <news@mail.example.org>", **changes}
    return AnymailMessage(**fields)


def sound(message: EmailMessage) -> EmailMessage:
    """The message, after a look for defects in every part and header."""
    for part in message.walk():
        assert not part.defects
        assert not [defect for header in part.values() for defect in header.defects]
    return message


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_everybody_sees_all_of_to_and_cc_and_nobody_sees_bcc(program: Program) -> None:
    message = make_message(
        to=['"Ana, the first" <ana@example.net>', "omar@example.net"],
        cc=["Çem <cem@example.net>"],
        bcc=["hidden@example.net"],
        reply_to=["Desk <desk@mail.example.org>", "two@mail.example.org"],
        headers={"X-Issue": "12", "List-Id": "<weekly.mail.example.org>"},
    )
    message.attach_alternative("<html><body><a href='https://shop.test/x'>x</a></body></html>", "text/html")
    message.metadata = {"order": 9007199254740993}
    message.tags = ["anymail-tag"]
    message.track_opens = True
    message.track_clicks = False
    message.envelope_sender = "bounce@mail.example.org"
    assert message.send() == 1
    status = message.anymail_status
    assert status.status == {"queued"}
    assert status.message_id.isdecimal()
    assert set(status.recipients) == {
        "ana@example.net",
        "omar@example.net",
        "cem@example.net",
        "hidden@example.net",
    }
    for address in status.recipients:
        received = program.mail_for(address)
        copy = sound(received.message)
        assert received.mail_from == "bounce@mail.example.org"
        assert copy["To"] == '"Ana, the first" <ana@example.net>, omar@example.net'
        assert copy["Cc"] == "Çem <cem@example.net>"
        assert copy["Reply-To"] == "Desk <desk@mail.example.org>, two@mail.example.org"
        assert (copy["X-Issue"], copy["List-Id"]) == ("12", "<weekly.mail.example.org>")
        assert b"hidden" not in received.data.partition(b"\r\n\r\n")[0].replace(b"Received: ", b"")
        assert "https://shop.test/x" in body(copy, "html")
        assert "/q/" in body(copy, "html")
        assert body(copy, "plain") == "Hi."


def test_cc_alone_has_an_empty_to(program: Program) -> None:
    message = make_message(cc=["only-cc@example.net"])
    message.send()
    assert message.anymail_status.status == {"queued"}
    copy = program.mail_for("only-cc@example.net").message
    assert str(copy["To"] or "") == ""
    assert copy["Cc"] == "only-cc@example.net"


def test_attachments_and_inline_images(program: Program) -> None:
    message = make_message(to=["files@example.net"])
    cid = message.attach_inline_image(IMAGE, filename="logo.png", subtype="png")
    message.attach_alternative(f'<html><body><img src="cid:{cid}"></body></html>', "text/html")
    message.attach("Übersicht.csv", "a;b\nä;ö\n", "text/csv")
    message.attach("data.bin", bytes(range(256)), "application/octet-stream")
    message.attach(None, b"\x00\x01", "application/x-nameless")
    inner = mail.EmailMessage("Forwarded", "Inner text", "a@b.test", ["c@d.test"])
    message.attach(inner.message())
    message.send()
    copy = sound(program.mail_for("files@example.net").message)
    files = list(copy.iter_attachments())
    assert [file.get_filename() for file in files[:3]] == ["Übersicht.csv", "data.bin", None]
    assert files[0].get_content().replace("\r\n", "\n") == "a;b\nä;ö\n"
    assert [file.get_content() for file in files[1:3]] == [bytes(range(256)), b"\x00\x01"]
    assert files[3].get_content_type() == "text/plain"
    assert files[3].get_content() == "Inner text"
    (image,) = [part for part in copy.walk() if part.get_content_type() == "image/png"]
    assert (image["Content-ID"], image.get_content()) == (f"<{cid}>", IMAGE)


def test_a_batch_with_merge_data_metadata_and_headers(program: Program) -> None:
    message = make_message(
        to=["Ana <batch1@example.net>", "batch2@example.net"],
        cc=["batch-cc@example.net"],
        subject="Order {{order}}",
        body="{{greeting}} {{name}}: https://shop.test/{{order}}",
        headers={"X-Default": "for all"},
    )
    message.merge_data = {
        "batch1@example.net": {"name": "Ana", "order": 1},
        "batch2@example.net": {"name": "<Omar>", "order": 2},
    }
    message.merge_global_data = {"greeting": "Dear"}
    message.merge_metadata = {"batch1@example.net": {"uid": "u-1"}}
    message.merge_headers = {
        "batch1@example.net": {"List-Help": "<https://shop.test/help/1>", "X-Default": "for Ana"},
        "batch2@example.net": {"X-Only-Two": "zwei ü"},
    }
    message.send()
    assert message.anymail_status.status == {"unknown"}, "two copies for cc: anymail counts one (its arithmetic)"
    first, second = (sound(program.mail_for(f"batch{number}@example.net").message) for number in (1, 2))
    assert (first["To"], second["To"]) == ("Ana <batch1@example.net>", "batch2@example.net")
    assert (first["Subject"], second["Subject"]) == ("Order 1", "Order 2")
    assert (first["X-Default"], second["X-Default"]) == ("for Ana", "for all")
    assert (first["List-Help"], str(second["List-Help"] or "")) == ("<https://shop.test/help/1>", "")
    assert (str(first["X-Only-Two"] or ""), second["X-Only-Two"]) == ("", "zwei ü")
    assert body(first, "plain").startswith("Dear Ana: ")
    assert body(second, "plain").startswith("Dear <Omar>: ")
    assert len(program.mail("batch-cc@example.net")) == 2
    copies = {str(one.message["To"]): str(one.message["Subject"]) for one in program.mail("batch-cc@example.net")}
    assert copies == {"Ana <batch1@example.net>": "Order 1", "batch2@example.net": "Order 2"}


def test_clicks_are_tracked_when_asked_for(program: Program) -> None:
    message = make_message(to=["clicks@example.net"], body="See https://shop.test/a")
    message.track_clicks = True
    message.send()
    assert LINK.search(body(program.mail_for("clicks@example.net").message, "plain"))


def test_a_stored_template(program: Program) -> None:
    templates = Templates(f"{program.url}/api/v1", program.api_key)
    templates.create(
        id="anymail", published=True, subject="T {{name}}", text="Hi {{name}}", from_email="desk@mail.example.org"
    )
    templates.transport.sess.close()
    message = AnymailMessage(to=["template@example.net"], from_email=None)
    message.template_id = "anymail"
    message.merge_data = {"template@example.net": {"name": "Ana"}}
    message.send()
    assert message.anymail_status.status == {"queued"}
    copy = program.mail_for("template@example.net").message
    assert (copy["Subject"], copy["From"]) == ("T Ana", "desk@mail.example.org")


def test_send_at_schedules(program: Program) -> None:
    message = make_message(to=["later@example.net"])
    message.send_at = datetime.now(UTC) + timedelta(hours=3)
    message.send()
    assert message.anymail_status.status == {"queued"}
    assert program.mail("later@example.net") == []


def test_refusals_are_raised_with_our_words() -> None:
    message = make_message(to=["a@example.net"])
    message.template_id = "nope"
    message.subject = ""
    message.body = ""
    message.from_email = None
    with pytest.raises(AnymailRequestsAPIError, match="template 'nope' does not exist"):
        message.send()


def test_a_wrong_key_says_unauthorized(program: Program) -> None:
    url = f"{program.url}/api/v1/"
    wrong = {"SPARKPOST_API_KEY": "0" * 40, "SPARKPOST_API_URL": url}
    with override_settings(ANYMAIL=wrong), pytest.raises(AnymailRequestsAPIError, match="Unauthorized"):
        make_message(to=["a@example.net"]).send()


def test_the_subaccount_header_arrives_as_text(program: Program) -> None:
    url = f"{program.url}/api/v1/"
    ours = {"SPARKPOST_API_KEY": program.api_key, "SPARKPOST_API_URL": url, "SPARKPOST_SUBACCOUNT": "0"}
    with override_settings(ANYMAIL=ours):
        make_message(to=["sub@example.net"]).send()
    program.mail_for("sub@example.net")
