"""The suppression list through the running program: PyPI's `sparkpost` client, and a reader who unsubscribes."""

import email.policy
import json
import re
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect
from sparkpost import SparkPost
from sparkpost.exceptions import SparkPostAPIException

from tests.api import make_transmission
from tests.program import Program, eventually, running

pytestmark = pytest.mark.program


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with running() as program:
        yield program


@pytest.fixture(scope="module")
def client(program: Program) -> Iterator[SparkPost]:
    client = SparkPost(program.api_key, f"127.0.0.1:{program.port}")
    resource = client.suppression_list
    # The package knows https alone; TLS is terminated in front of us.
    resource.base_uri = resource.base_uri.replace("https:", "http:")
    yield client
    resource.transport.sess.close()


def mail_to(program: Program, recipient: str) -> list[EmailMessage]:
    stored = [file.read_bytes().partition(b"\n") for file in sorted((program.home / "sandbox" / "new").glob("*"))]
    return [
        email.message_from_bytes(message, policy=email.policy.default)  # type: ignore[misc]
        for envelope, _, message in stored
        if recipient.encode() in envelope
    ]


def call(program: Program, path: str, body: Any = None) -> Any:
    request = urllib.request.Request(
        f"{program.url}/api/v1/{path}",
        None if body is None else json.dumps(body).encode(),
        {"Authorization": program.api_key, "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["results"]


def send(program: Program, *recipients: str, **changes: Any) -> str:
    body = make_transmission(recipients=[{"address": recipient} for recipient in recipients], **changes)
    return str(call(program, "transmissions", body)["id"])


def entries(client: SparkPost, recipient: str) -> list[dict[str, Any]]:
    try:
        return list(client.suppression_list.get(recipient))
    except SparkPostAPIException as answer:
        if answer.status == 404:
            return []
        raise


def generated(program: Program, transmission: str) -> tuple[int, int]:
    """Once its generation is over: how many messages were generated, and how many were not."""

    def shown() -> Any:
        found = call(program, f"transmissions/{transmission}")["transmission"]
        return found if found["state"] == "Success" else None

    found = eventually(shown)
    return found["num_generated"], found["num_failed_gen"]


def test_the_python_clients_calls(client: SparkPost) -> None:
    suppression_list = client.suppression_list
    answer = suppression_list.create(
        {"email": "one@example.net", "transactional": True, "non_transactional": False, "description": "one"}
    )
    assert answer == {"message": "Suppression List successfully updated"}
    suppression_list.create(
        [
            {"email": "two@example.net", "transactional": True, "non_transactional": True, "description": "two"},
            {"email": "Three@Example.net", "transactional": False, "non_transactional": True},
        ]
    )
    (one,) = suppression_list.get("one@example.net")
    assert (one["type"], one["transactional"], one["source"], one["description"]) == (
        "transactional",
        True,
        "Manually Added",
        "one",
    )
    suppression_list.update({"email": "one@example.net", "transactional": False, "non_transactional": True})
    assert [entry["type"] for entry in suppression_list.get("one@example.net")] == ["non_transactional"]

    now = datetime.now(UTC)
    found = suppression_list.list(
        from_date=now - timedelta(hours=1), to_date=now + timedelta(hours=1), types=["transactional"], limit=10
    )
    assert [entry["recipient"] for entry in found] == ["two@example.net"]
    assert len(suppression_list.list()) == 4

    assert suppression_list.delete("two@example.net") is True
    with pytest.raises(SparkPostAPIException, match="Recipient could not be found"):
        suppression_list.get("two@example.net")
    with pytest.raises(SparkPostAPIException, match="1 invalid or malformed recipient"):
        suppression_list.create([{"email": "nobody", "transactional": True}])
    with pytest.raises(SparkPostAPIException, match="Must supply a suppression type"):
        suppression_list.create({"email": "x@example.net"})


def test_who_is_on_the_list_gets_no_mail(program: Program, client: SparkPost) -> None:
    client.suppression_list.create([{"email": "quiet@example.net", "non_transactional": True}])
    assert generated(program, send(program, "quiet@example.net", "loud@example.net")) == (1, 1)
    assert generated(program, send(program, "quiet@example.net", options={"transactional": True})) == (1, 0)
    assert len(eventually(lambda: mail_to(program, "quiet@example.net"))) == 1


def test_a_reader_unsubscribes_by_the_page(program: Program, client: SparkPost, chromium: Browser) -> None:
    reader, list_id = "reader@example.net", {"list_id": "<weekly.example.org>"}
    send(program, reader, override=list_id)
    (message,) = eventually(lambda: mail_to(program, reader))
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = re.search(r"<(http[^>]+)>", message["List-Unsubscribe"])
    assert url is not None
    page = chromium.new_page()
    page.goto(url[1])
    assert entries(client, reader) == []
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("heading")).to_have_text("You have been unsubscribed")
    (entry,) = eventually(lambda: entries(client, reader), timeout=10)
    assert (entry["type"], entry["source"], entry["list_id"]) == (
        "non_transactional",
        "List Unsubscribe",
        "weekly.example.org",
    )
    assert generated(program, send(program, reader, override=list_id)) == (0, 1)
    assert generated(program, send(program, reader)) == (1, 0), "another list is another matter"


def test_a_mail_program_unsubscribes_with_one_click(program: Program, client: SparkPost) -> None:
    reader = "oneclick@example.net"
    send(program, reader)
    (message,) = eventually(lambda: mail_to(program, reader))
    url = re.search(r"<(http[^>]+)>", message["List-Unsubscribe"])
    assert url is not None
    with urllib.request.urlopen(url[1], b"List-Unsubscribe=One-Click") as answer:
        assert answer.read() == b"You have been unsubscribed.\n"
    (entry,) = eventually(lambda: entries(client, reader), timeout=10)
    assert (entry["type"], entry["source"]) == ("non_transactional", "List Unsubscribe")
    assert generated(program, send(program, reader)) == (0, 1)


def test_an_unsubscribe_link_in_the_text(program: Program, client: SparkPost) -> None:
    reader = "link@example.net"
    html = '<html><body><a href="https://shop.test/bye" data-msys-unsubscribe="1">no more</a></body></html>'
    send(program, reader, content={"from": "news@mail.example.org", "subject": "x", "html": html})
    (message,) = eventually(lambda: mail_to(program, reader))
    url = re.search(r'href="(http[^"]+/f/[^"]+)"', message.get_content())
    assert url is not None

    parts = urlsplit(url[1])
    with closing(HTTPConnection(parts.netloc, timeout=10)) as connection:
        agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
        connection.request("GET", parts.path, headers={"User-Agent": agent})
        answer = connection.getresponse()
        answer.read()
    # The destination is out in the world and not asked.
    assert answer.headers["Location"] == "https://shop.test/bye"
    (entry,) = eventually(lambda: entries(client, reader), timeout=10)
    assert entry["source"] == "Unsubscribe Link"


def test_who_does_not_exist_is_noted(program: Program, client: SparkPost) -> None:
    send(program, "bounce+550@example.net")
    found = eventually(lambda: entries(client, "bounce+550@example.net"), timeout=10)
    assert [(entry["type"], entry["source"]) for entry in found] == [
        ("non_transactional", "Bounce Rule"),
        ("transactional", "Bounce Rule"),
    ]
    assert found[0]["description"].startswith("550 ")
