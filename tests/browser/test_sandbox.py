"""Reading sandbox mail in a real browser: the list fills itself, a link in the frame opens, an image loads,
nothing runs.
"""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, expect

from sandbox.mailbox import Head, Mailbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def outside() -> Iterator[tuple[str, list[str]]]:
    """Some other web server, and what was asked of it."""
    asked: list[str] = []

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<title>the destination</title><script>document.title += ' runs'</script>")

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def mailbox(settings: Any, tmp_path: Path) -> Mailbox:
    settings.MOMENTUM_HOME = tmp_path
    mailbox = Mailbox(tmp_path / "sandbox")
    mailbox.prepare()
    return mailbox


@pytest.fixture
def cookie(admin_client: Client) -> str:
    return admin_client.cookies["sessionid"].value


def logged_in(browser: Browser, url: str, cookie: str) -> BrowserContext:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": url}])
    return context


def store(mailbox: Mailbox, subject: str, html: str) -> None:
    data = f"Subject: {subject}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n{html}\r\n".encode()
    mailbox.add(Head("b@example.org", ("joe@example.com",), subject, "anna@example.org", len(data)), data)


def test_a_newcomer_opens_the_mail_and_clicks(
    live_server: Any, cookie: str, mailbox: Mailbox, outside: tuple[str, list[str]], chromium: Browser
) -> None:
    address, asked = outside
    context = logged_in(chromium, live_server.url, cookie)
    page = context.new_page()
    page.goto(f"{live_server.url}/admin/sandbox/mail/")
    expect(page.get_by_text("No mail yet")).to_be_visible()

    store(
        mailbox,
        "Welcome",
        f'<script>document.title="owned"; new Image().src="{address}/script"</script>'
        f'<a href="{address}/page">read more</a><img src="{address}/pixel.gif" '
        f"onerror=\"fetch('{address}/handler')\">",
    )
    page.get_by_role("link", name="Welcome").click(timeout=10_000)

    with context.expect_page() as opened:
        page.frame_locator("iframe").get_by_role("link", name="read more").click()
    # Free of the frame's sandbox: scripts of the page that was reached run.
    expect(opened.value).to_have_title("the destination runs")
    assert asked.count("/page") == 1
    assert asked.count("/pixel.gif") == 1
    assert not {"/script", "/handler"} & set(asked)
    assert opened.value.evaluate("document.referrer") == ""
    assert opened.value.evaluate("window.opener") is None
    context.close()


def test_the_list_keeps_the_readers_place(
    live_server: Any, cookie: str, mailbox: Mailbox, chromium: Browser
) -> None:
    for number in range(40):
        store(mailbox, f"letter {number:02}", "x")
    context = logged_in(chromium, live_server.url, cookie)
    page = context.new_page()
    page.set_viewport_size({"width": 1280, "height": 420})
    page.goto(f"{live_server.url}/admin/sandbox/mail/")
    row = page.get_by_role("link", name="letter 20")
    row.scroll_into_view_if_needed()
    row.focus()
    before = row.bounding_box()
    store(mailbox, "brand new", "x")
    expect(page.get_by_role("link", name="brand new")).to_be_attached(timeout=10_000)
    after = row.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) < 3
    expect(row).to_be_focused()
    context.close()


def test_emptying_asks_first(live_server: Any, cookie: str, mailbox: Mailbox, chromium: Browser) -> None:
    store(mailbox, "Welcome", "x")
    context = logged_in(chromium, live_server.url, cookie)
    page = context.new_page()
    page.goto(f"{live_server.url}/admin/sandbox/mail/")
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Empty mailbox").click()
    assert len(mailbox.names()) == 1
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Empty mailbox").click()
    expect(page.get_by_text("1 message deleted.")).to_be_visible()
    assert mailbox.names() == []
    context.close()
