"""The tutorial, to the letter, through the running program: curl, mailbox, click, report, metrics API."""

import json
import re
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.program import Program, eventually, running

pytestmark = pytest.mark.program

DESTINATION = "http://www.messagesystems.com"
_STEPS = ["Targeted", "Accepted", "Unique Confirmed Opens", "Unique Clicks"]


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with running() as program:
        yield program


def curl(program: Program) -> dict[str, Any]:
    """Paste the command from the screen into a shell."""
    answer = subprocess.run(["sh", "-c", f"{program.curl} -s"], capture_output=True, text=True, check=True)
    return dict(json.loads(answer.stdout))


def metrics(program: Program, path: str, names: str) -> list[dict[str, Any]]:
    start = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")
    url = f"{program.url}/api/v1/metrics/deliverability{path}?from={start}&metrics={names}"
    request = urllib.request.Request(url, headers={"Authorization": program.api_key})
    with urllib.request.urlopen(request) as answer:
        return list(json.load(answer)["results"])


def location(url: str) -> str:
    """Where a link redirects to; the destination itself is out in the world and not asked."""
    parts = urlsplit(url)
    with closing(HTTPConnection(parts.netloc, timeout=10)) as connection:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        answer.read()
    assert answer.status == 302
    return str(answer.headers["Location"])


def logged_in(program: Program, browser: Browser) -> Page:
    page = browser.new_page()
    page.goto(f"{program.url}/")
    user, password = program.login
    page.get_by_label("Username").fill(user)
    page.get_by_label("Password").fill(password)
    page.get_by_label("Password").press("Enter")
    return page


def test_the_tutorial(program: Program, chromium: Browser) -> None:
    answer = curl(program)
    assert list(answer) == ["results"]
    assert re.fullmatch(r"\d{1,19}", answer["results"].pop("id"))
    assert answer["results"] == {"total_rejected_recipients": 0, "total_accepted_recipients": 1}

    (received,) = eventually(program.mail)
    message = received.message
    assert message["Subject"] == "Tracking Engagement"
    text = message.get_content()
    (link,) = re.findall(r"http://\S+/f/\S+", text)
    assert text.splitlines() == ["Welcome to Momentum!", f"Click {link} to learn more about Momentum."]

    page = logged_in(program, chromium)
    page.wait_for_url("**/admin/reports/engagement/**")
    assert location(link) == DESTINATION

    wanted = "count_targeted,count_accepted,count_unique_confirmed_opened,count_unique_clicked"
    everything = dict.fromkeys(wanted.split(","), 1)
    eventually(lambda: metrics(program, "", wanted) == [everything], timeout=10)
    assert metrics(program, "/link-name", "count_clicked,count_raw_clicked") == [
        {"link_name": DESTINATION, "count_clicked": 1, "count_raw_clicked": 1}
    ]

    # The page that was open all the time shows it by itself.
    expect(page.locator("#funnel-table tbody th")).to_have_text(_STEPS)
    expect(page.locator("#funnel-table tbody td:nth-child(2)")).to_have_text(["1"] * 4)
    row = page.get_by_role("row").filter(has_text=DESTINATION)
    expect(row.get_by_role("rowheader")).to_contain_text(DESTINATION)
    expect(row.get_by_role("cell")).to_have_text(["1", "1", re.compile(r"100(\.0)?%")])


def test_the_message_can_be_clicked_in_the_sandbox_mailbox(program: Program, chromium: Browser) -> None:
    page = logged_in(program, chromium)
    page.get_by_role("link", name="Sandbox mail").click()
    page.get_by_role("link", name="Tracking Engagement").first.click()
    link = page.locator("a[href*='/f/']").first
    assert location(str(link.get_attribute("href"))) == DESTINATION


def test_healthz_says_what_answers(program: Program) -> None:
    with urllib.request.urlopen(f"{program.url}/healthz") as answer:
        report = json.load(answer)
    assert {name: report[name] for name in ("web", "database", "redis")} == dict.fromkeys(
        ("web", "database", "redis"), "ok"
    )
