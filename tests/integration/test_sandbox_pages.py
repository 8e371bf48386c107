"""The pages of the sandbox, with mail as hostile as it comes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from sandbox.mailbox import Head, Mailbox
from sandbox.parsing import header_text

pytestmark = pytest.mark.django_db

EVIL = "<script>alert(1)</script>\"'>"
HOSTILE = (
    f"Subject: {EVIL}\r\n"
    f"From: {EVIL} <a@example.org>\r\n"
    f"X-{EVIL}: {EVIL}\r\n"
    'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    "--b\r\nContent-Type: text/plain; charset=zip\r\n\r\n"
    f"{EVIL} https://example.com/{EVIL}\r\n"
    "--b\r\nContent-Type: text/html\r\n\r\n"
    f'<p>{EVIL}<a href="https://example.com">go</a></p>\r\n'
    '--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename="../<script>.html"\r\n\r\n'
    "<script>alert(2)</script>\r\n--b--\r\n"
).encode()


@pytest.fixture
def mailbox(settings: object, tmp_path: Path) -> Iterator[Mailbox]:
    settings.MOMENTUM_HOME = tmp_path  # type: ignore[attr-defined]
    mailbox = Mailbox(tmp_path / "sandbox")
    mailbox.prepare()
    return mailbox


def store(mailbox: Mailbox, data: bytes, rcpt_to: str = "joe@example.com") -> str:
    subject, sender = header_text(data, "subject"), header_text(data, "from")
    return mailbox.add(Head("b@example.org", (rcpt_to,), subject, sender, len(data)), data)


@pytest.fixture
def reader(client: Client) -> Client:
    """Somebody who may look and not delete."""
    user = User.objects.create_user("reader", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_mail", content_type__app_label="sandbox"))
    client.force_login(user)
    return client


def pages(name: str) -> list[str]:
    one = [reverse(page, args=[name]) for page in ("sandbox:message", "sandbox:html", "sandbox:source")]
    return [reverse("sandbox:mail"), *one, reverse("sandbox:file", args=[name, 2])]


def test_pages_are_for_people_with_the_permission(client: Client, mailbox: Mailbox) -> None:
    name = store(mailbox, HOSTILE)
    for url in pages(name):
        assert client.get(url).status_code == 302
    client.force_login(User.objects.create_user("nobody", password="x", is_staff=True))
    for url in pages(name):
        assert client.get(url).status_code == 403


def test_a_reader_sees_and_cannot_delete(reader: Client, mailbox: Mailbox) -> None:
    name = store(mailbox, HOSTILE)
    for url in pages(name):
        assert reader.get(url).status_code == 200
    assert b"Empty mailbox" not in reader.get(reverse("sandbox:mail")).content
    assert reader.post(reverse("sandbox:delete", args=[name])).status_code == 403
    assert reader.post(reverse("sandbox:empty")).status_code == 403
    assert mailbox.names() == [name]


@pytest.mark.parametrize("tab", ["html", "text", "headers", "source", "nonsense"])
def test_nothing_of_a_message_becomes_markup(reader: Client, mailbox: Mailbox, tab: str) -> None:
    name = store(mailbox, HOSTILE, f"{EVIL}@example.com")
    for url in (reverse("sandbox:mail"), reverse("sandbox:message", args=[name]) + f"?tab={tab}"):
        content = reader.get(url).content.decode()
        assert "<script>alert" not in content
        assert "&lt;script&gt;alert(1)" in content


def test_the_html_is_for_a_frame_that_runs_nothing(reader: Client, mailbox: Mailbox) -> None:
    response = reader.get(reverse("sandbox:html", args=[store(mailbox, HOSTILE)]))
    policy = response["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'")
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert response["Referrer-Policy"] == "no-referrer"
    assert response["Content-Type"] == "text/html; charset=utf-8"


def test_downloads_are_saved_and_never_shown(reader: Client, mailbox: Mailbox) -> None:
    name = store(mailbox, HOSTILE)
    source = reader.get(reverse("sandbox:source", args=[name]))
    assert source.content == HOSTILE
    assert source["Content-Disposition"] == f'attachment; filename="{name}.eml"'
    file = reader.get(reverse("sandbox:file", args=[name, 2]))
    assert file["Content-Disposition"] == 'attachment; filename="_script_.html"'
    assert file["Content-Type"] == "application/octet-stream"
    assert file["X-Content-Type-Options"] == "nosniff"
    assert reader.get(reverse("sandbox:file", args=[name, 0])).status_code == 404


@pytest.mark.parametrize("name", ["nothing", "1" * 19 + "-00000000"])
def test_a_message_that_is_gone_is_not_found(reader: Client, mailbox: Mailbox, name: str) -> None:
    for page in ("sandbox:message", "sandbox:html", "sandbox:source"):
        assert reader.get(reverse(page, args=[name])).status_code == 404


@pytest.mark.parametrize("data", [b"", b"\x00\xff\xfe", b"Subject: x", b"\r\n\r\n" + b"x" * 100])
def test_a_message_that_is_none_is_still_shown(reader: Client, mailbox: Mailbox, data: bytes) -> None:
    name = store(mailbox, data)
    for tab in ("text", "headers", "source"):
        assert reader.get(reverse("sandbox:message", args=[name]) + f"?tab={tab}").status_code == 200
    assert b"(no subject)" in reader.get(reverse("sandbox:mail")).content or data == b"Subject: x"


def test_the_list_refreshes_only_when_something_changed(reader: Client, mailbox: Mailbox) -> None:
    store(mailbox, b"Subject: first\r\n\r\n")
    version = mailbox.version()
    url, htmx = reverse("sandbox:mail"), {"HX-Request": "true"}
    assert reader.get(url, {"version": version}, headers=htmx).status_code == 204
    store(mailbox, b"Subject: second\r\n\r\n")
    rows = reader.get(url, {"version": version}, headers=htmx)
    assert rows.status_code == 200
    assert rows.content.decode().strip().startswith('<div id="sm-list"')
    assert b"second" in rows.content
    assert b"<html" not in rows.content


def test_pages_and_search(reader: Client, mailbox: Mailbox) -> None:
    for number in range(30):
        store(mailbox, f"Subject: letter {number:02}\r\n\r\n".encode(), f"r{number}@example.com")
    url = reverse("sandbox:mail")
    first = reader.get(url).content
    assert b"letter 29" in first
    assert b"letter 04" not in first
    assert b"letter 04" in reader.get(url, {"page": "2"}).content
    found = reader.get(url, {"q": "R7@"}).content
    assert b"letter 07" in found
    assert b"letter 08" not in found
    assert b"No message matches" in reader.get(url, {"q": "'\"<x>"}).content


@pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 50, "٣", "1e3"])
def test_odd_page_numbers(reader: Client, mailbox: Mailbox, page: str) -> None:
    assert reader.get(reverse("sandbox:mail"), {"page": page, "until": "\x00%s"}).status_code == 200


def test_deleting(admin_client: Client, mailbox: Mailbox) -> None:
    names = [store(mailbox, b"Subject: x\r\n\r\n") for _ in range(3)]
    one = reverse("sandbox:delete", args=[names[0]])
    assert admin_client.get(one).status_code == 405
    assert admin_client.post(one).status_code == 302
    assert mailbox.names() == names[:0:-1]
    assert b"The message was deleted." in admin_client.get(reverse("sandbox:mail")).content
    assert admin_client.get(reverse("sandbox:empty")).status_code == 405
    admin_client.post(reverse("sandbox:empty"))
    assert mailbox.names() == []
    assert b"No mail yet" in admin_client.get(reverse("sandbox:mail")).content


def test_deleting_needs_the_form_of_the_page(mailbox: Mailbox) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.create_superuser("root", password="x"))
    assert strict.post(reverse("sandbox:empty")).status_code == 403
