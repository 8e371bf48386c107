"""One transmission in a real browser: figures move by themselves, stopping asks first, its HTML runs nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from tests.api import Api, make_transmission
from transmissions.models import Chunk, Transmission

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HTML = "<html><body><h1>Hi {{name}}</h1><script>document.body.innerHTML = 'owned'</script>"


@pytest.fixture
def transmission_id() -> int:
    content = {"from": "a@b.test", "subject": "x", "html": HTML}
    recipients = [
        {"address": f"r{number}@example.net", "substitution_data": {"name": "Ana"}} for number in range(400)
    ]
    answer = Api().post("transmissions", make_transmission(content=content, recipients=recipients))
    Transmission.objects.update(state="Generating")
    return int(answer.json()["results"]["id"])


@pytest.fixture
def page(live_server: Any, admin_client: Client, chromium: Browser, transmission_id: int) -> Iterator[Page]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    cookie = admin_client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page = context.new_page()
    page.goto(f"{live_server.url}/admin/transmissions/transmission/{transmission_id}/change/")
    yield page
    context.close()


def figure(page: Page, key: str) -> Any:
    return page.locator(f".tm-figures [data-key={key}] dd")


def test_figures_move_by_themselves_until_everything_is_done(page: Page) -> None:
    expect(figure(page, "generated")).to_have_text("0")
    Chunk.objects.update(num_generated=100, num_delivered=90, num_bounced=4)
    expect(figure(page, "generated")).to_have_text("100")
    expect(figure(page, "deferred")).to_have_text("6")
    expect(page.locator(".tm-speed")).to_contain_text("per second")
    expect(page.locator(".tm-tabs")).to_contain_text("Bounced 4")
    Chunk.objects.update(num_generated=400, num_delivered=400, num_bounced=0)
    Transmission.objects.update(state="Success")
    expect(page.locator(".tm-state")).to_have_text("Success")
    expect(page.get_by_role("button", name="Pause")).to_have_count(0)
    with pytest.raises(AssertionError):
        expect(page.locator("#tm-live[data-refresh='1000']")).to_be_attached(timeout=100)


def test_nothing_is_asked_while_nobody_looks(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    hidden = "Object.defineProperty(document, 'visibilityState', {value: '%s', configurable: true});"
    page.evaluate((hidden % "hidden") + "document.dispatchEvent(new Event('visibilitychange'))")
    asked.clear()
    page.wait_for_timeout(2500)
    assert asked == []
    page.evaluate((hidden % "visible") + "document.dispatchEvent(new Event('visibilitychange'))")
    with page.expect_request("**/progress/**"):
        pass


def test_stopping_asks_first(page: Page) -> None:
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.get_by_role("button", name="Pause").click()
    assert not Transmission.objects.get().is_paused
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Pause").click()
    expect(page.locator(".tm-state")).to_have_text("Paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".tm-state")).to_have_text("Generating")
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator(".tm-state")).to_have_text("Canceled")


def test_the_html_is_shown_and_runs_nothing(page: Page) -> None:
    expect(page.frame_locator("iframe").get_by_role("heading", name="Hi Ana")).to_be_visible()
    assert "owned" not in page.title()


def test_a_recipient_is_found_from_the_keyboard(page: Page) -> None:
    page.get_by_label("Find recipients by address").fill("R399@")
    page.keyboard.press("Enter")
    expect(page.get_by_text("1 recipient with")).to_be_visible()
    expect(page.get_by_role("row", name="r399@example.net")).to_contain_text("waiting")
