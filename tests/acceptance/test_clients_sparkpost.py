"""The `sparkpost` package from PyPI, unchanged, against the running program (contract 00 §11)."""

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from sparkpost import SparkPost
from sparkpost.exceptions import SparkPostAPIException

from tests.program import Program, eventually, running

pytestmark = pytest.mark.program

# Not a picture, but bytes that no encoding survives by chance.
IMAGE = bytes(range(256)) * 9
LINK = re.compile(r"http://\S+/f/[\w/-]+")


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with running() as program:
        yield program


@pytest.fixture(scope="module")
def client(program: Program) -> Iterator[SparkPost]:
    client = SparkPost(program.api_key, base_uri=f"127.0.0.1:{program.port}")
    metrics = (client.metrics.campaigns, client.metrics.domains)
    resources = (client.transmissions, client.templates, client.recipient_lists, client.suppression_list, *metrics)
    for resource in resources:
        # The package knows https alone; TLS is terminated in front of us.
        resource.base_uri = resource.base_uri.replace("https:", "http:")
    yield client
    for resource in resources:
        resource.transport.sess.close()


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def test_to_cc_and_bcc_each_get_a_copy_with_links_of_their_own(program: Program, client: SparkPost) -> None:
    answer = client.transmissions.send(
        recipients=["Ines Öz <to@example.net>", {"address": {"email": "second@example.net", "name": "Se, cond"}}],
        cc=["cc1@example.net", "Cc Two <cc2@example.net>"],
        bcc=["bcc@example.net"],
        from_email="Example News <news@mail.example.org>",
        reply_to="Desk <desk@mail.example.org>",
        subject="Grüße from {{city}}",
        text="Read https://shop.test/{{city}}",
        html="<html><body><a href='https://shop.test/{{city}}'>Read é</a></body></html>",
        substitution_data={"city": "Porto"},
        campaign="sparkpost-cc",
        custom_headers={"X-Issue": "12"},
        track_opens=True,
        track_clicks=True,
    )
    assert answer["total_accepted_recipients"] == 5
    assert answer["total_rejected_recipients"] == 0
    links = set()
    for address, to in (
        ("to@example.net", "Ines Öz <to@example.net>"),
        ("second@example.net", '"Se, cond" <second@example.net>'),
        ("cc1@example.net", "Ines Öz <to@example.net>"),
        ("cc2@example.net", "Ines Öz <to@example.net>"),
        ("bcc@example.net", "Ines Öz <to@example.net>"),
    ):
        message = program.mail_for(address).message
        assert not list(message.defects)
        assert not [defect for header in message.values() for defect in header.defects]
        assert message["To"] == to
        assert "bcc@example.net" not in str(message["Cc"])
        assert [one.addr_spec for one in message["Cc"].addresses] == ["cc1@example.net", "cc2@example.net"]
        assert message["Subject"] == "Grüße from Porto"
        assert message["From"] == "Example News <news@mail.example.org>"
        assert message["Reply-To"] == "Desk <desk@mail.example.org>"
        assert message["X-Issue"] == "12"
        links |= set(LINK.findall(body(message, "plain"))) | set(LINK.findall(body(message, "html")))
        assert "Read é</a>" in body(message, "html")
    assert len(links) == 10


def test_attachments_and_inline_images_arrive_byte_for_byte(
    program: Program, client: SparkPost, tmp_path: Path
) -> None:
    report = tmp_path / "report.pdf"
    report.write_bytes(b"%PDF-1.4\r\n" + bytes(reversed(range(256))) * 700)
    client.transmissions.send(
        recipients=["files@example.net"],
        from_email="news@mail.example.org",
        subject="Files",
        text="See the files.",
        html='<html><body><img src="cid:logo"></body></html>',
        attachments=[
            {"type": "application/pdf", "name": "Bericht für März.pdf", "filename": str(report)},
            {
                "type": 'text/plain; charset="iso-8859-1"',
                "name": "latin.txt",
                "data": base64.b64encode("Käse\n".encode("iso-8859-1")).decode(),
            },
        ],
        inline_images=[{"type": "image/png", "name": "logo", "data": base64.b64encode(IMAGE).decode()}],
    )
    received = program.mail_for("files@example.net")
    message = received.message
    assert max(map(len, received.data.split(b"\r\n"))) <= 998
    pdf, latin = message.iter_attachments()
    assert (pdf.get_filename(), pdf.get_content_type()) == ("Bericht für März.pdf", "application/pdf")
    assert pdf.get_content() == report.read_bytes()
    assert (latin.get_filename(), latin.get_content()) == ("latin.txt", "Käse\n")
    related = message.get_payload(0)
    assert isinstance(related, EmailMessage)
    assert message.get_content_type() == "multipart/mixed"
    assert related.get_content_type() == "multipart/related"
    image = related.get_payload(1)
    assert isinstance(image, EmailMessage)
    assert (image["Content-ID"], image.get_content()) == ("<logo>", IMAGE)
    assert 'src="cid:logo"' in body(message, "html")
    for part in message.walk():
        assert not part.defects
        assert not [defect for header in part.values() for defect in header.defects]


def test_a_pre_built_message_goes_out_as_it_is(program: Program, client: SparkPost) -> None:
    source = (
        "From: News <news@mail.example.org>\r\nTo: {{address.email}}\r\nSubject: Built by hand\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello {{name}}\r\n.dot\r\n"
    )
    client.transmissions.send(
        recipients=[{"address": {"email": "rfc822@example.net"}, "substitution_data": {"name": "Ana"}}],
        email_rfc822=source,
    )
    message = program.mail_for("rfc822@example.net").message
    assert message["To"] == "rfc822@example.net"
    assert message.get_content().splitlines() == ["Hello Ana", ".dot"]
    assert message["Message-ID"]


def test_scheduled_transmissions_are_shown_listed_and_deleted(client: SparkPost) -> None:
    start = (datetime.now(UTC) + timedelta(hours=2)).isoformat(timespec="seconds")
    answer = client.transmissions.send(
        recipients=["later@example.net"],
        from_email="news@mail.example.org",
        subject="Later",
        text="x",
        campaign="sparkpost-later",
        description="for later",
        start_time=start,
        transactional=True,
        metadata={"issue": 7},
        return_path="bounce@mail.example.org",
    )
    shown = client.transmissions.get(answer["id"])
    assert shown["options"] == {"start_time": start, "transactional": True}
    assert (shown["state"], shown["campaign_id"], shown["num_rcpts"]) == ("submitted", "sparkpost-later", 1)
    assert (shown["metadata"], shown["return_path"]) == ({"issue": 7}, "bounce@mail.example.org")
    with pytest.warns(DeprecationWarning, match="deprecated"):
        listed = client.transmissions.list(campaign_id="sparkpost-later")
    assert [row["id"] for row in listed] == [answer["id"]]
    assert client.transmissions.delete(answer["id"]) is True
    assert client.transmissions.get(answer["id"])["state"] == "Canceled"
    with pytest.raises(SparkPostAPIException) as refused:
        client.transmissions.delete(answer["id"])
    assert (refused.value.status, "2006" in str(refused.value)) == (409, True)


def test_errors_carry_code_and_description_where_the_client_looks(client: SparkPost) -> None:
    with pytest.raises(SparkPostAPIException) as refused:
        client.transmissions.send(recipients=["a@example.net"])
    assert refused.value.status == 422
    assert any(
        "1400" in error and "content object or template_id required" in error for error in refused.value.errors
    )
    with pytest.raises(SparkPostAPIException) as refused:
        client.transmissions.send(recipients=["nobody"], from_email="a@b.test", subject="x", text="x")
    assert (refused.value.status, "5002" in refused.value.errors[0]) == (400, True)
    with pytest.raises(SparkPostAPIException) as refused:
        client.transmissions.get("77")
    assert "Resource not found:transmission id 77" in refused.value.errors[0]


def test_the_life_of_a_template(program: Program, client: SparkPost) -> None:
    templates = client.templates
    sent: dict[str, Any] = {
        "id": "welcome",
        "name": "Welcome",
        "html": "<html><body><p>Hi {{name}}</p></body></html>",
        "subject": "Welcome, {{name}}",
        "from_email": {"email": "desk@mail.example.org", "name": "Desk"},
        "track_clicks": True,
    }
    assert templates.create(**sent) == {"id": "welcome"}
    assert templates.get("welcome", draft=True)["content"]["subject"] == "Welcome, {{name}}"
    assert templates.update("welcome", published=True) == {"id": "welcome"}
    assert templates.get("welcome")["published"] is True
    templates.update(
        "welcome", subject="Hello, {{name}}", html="<html><body>Draft</body></html>", from_email="a@b.test"
    )
    assert templates.preview("welcome", {"name": "<Ana>"}, draft=False) == {
        "from": {"email": "desk@mail.example.org", "name": "Desk"},
        "subject": "Welcome, <Ana>",
        "html": "<html><body><p>Hi &lt;Ana&gt;</p></body></html>",
    }
    assert [row["id"] for row in templates.list()] == ["welcome"]
    client.transmissions.send(
        recipients=[{"address": "t@example.net", "substitution_data": {"name": "Ana"}}], template="welcome"
    )
    message = program.mail_for("t@example.net").message
    assert (message["Subject"], message["From"]) == ("Welcome, Ana", "Desk <desk@mail.example.org>")
    assert body(message, "html").startswith("<html><body>")
    client.transmissions.send(recipients=["draft@example.net"], template="welcome", use_draft_template=True)
    assert "Draft" in body(program.mail_for("draft@example.net").message, "html")
    assert templates.delete("welcome") == {}
    with pytest.raises(SparkPostAPIException):
        templates.get("welcome")


def test_the_life_of_a_recipient_list(program: Program, client: SparkPost) -> None:
    lists = client.recipient_lists
    people = [{"address": {"email": f"list{number}@example.net", "name": "L"}} for number in range(3)]
    created = lists.create(id="readers", name="Readers", recipients=people)
    assert created == {
        "id": "readers",
        "name": "Readers",
        "total_accepted_recipients": 3,
        "total_rejected_recipients": 0,
    }
    assert "recipients" not in lists.get("readers")
    assert lists.get("readers", show_recipients=True)["recipients"] == people
    updated = lists.update("readers", recipients=people[:2])
    assert updated["total_accepted_recipients"] == 2
    assert [row["id"] for row in lists.list()] == ["readers"]
    answer = client.transmissions.send(
        recipient_list="readers", from_email="a@b.test", subject="To a list", text="x", campaign="sparkpost-list"
    )
    assert answer["total_accepted_recipients"] == 2
    assert program.mail_for("list1@example.net").message["To"] == "L <list1@example.net>"
    eventually(lambda: client.transmissions.get(answer["id"])["state"] == "Success")
    assert lists.delete("readers") == {}
    with pytest.raises(SparkPostAPIException):
        lists.get("readers")


def test_the_lists_of_metrics(client: SparkPost) -> None:
    client.transmissions.send(
        recipients=["m@metrics.test"], from_email="a@b.test", subject="m", text="m", campaign="sparkpost-metrics"
    )
    eventually(lambda: "sparkpost-metrics" in client.metrics.campaigns.list(params={"match": "sparkpost"}))
    eventually(lambda: "metrics.test" in client.metrics.domains.list(params={"match": "metrics"}))
