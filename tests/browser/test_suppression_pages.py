"""The pages of the suppression list, on a desk and on a telephone, by day and by night."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from transmissions.models import Suppression
from transmissions.suppression import store
from transmissions.suppression.store import Entry, Key

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LIST = "/admin/transmissions/suppression/"


@pytest.fixture(params=[(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")], ids=str)
def page(request: Any, chromium: Browser, live_server: Any, settings: Any) -> Iterator[Page]:
    """A page of an administrator; at its end no script may have failed."""
    width, scheme = request.param
    client = Client()
    client.force_login(User.objects.create_superuser("ada"))
    context = chromium.new_context(
        base_url=live_server.url, viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
    opened = context.new_page()
    failures: list[str] = []
    opened.on("pageerror", lambda error: failures.append(str(error)))
    yield opened
    assert failures == []
    context.close()


def sticks_out(page: Page) -> int:
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


def test_addresses_are_added_corrected_and_found(page: Page) -> None:
    page.goto(LIST)
    page.locator(f"a[href='{LIST}add/']").first.click()
    long = f"{'a-rather-long-name-' * 3}@mail.example.net"
    page.fill("#id_lines", f"ines@example.net\n{long}\nno-address-at-all-{'x' * 80}")
    assert sticks_out(page) == 0
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("1 line refused")).to_be_visible()
    assert sticks_out(page) == 0
    page.fill("#id_lines", "bo@other.test,transactional,news.example.org,asked by telephone")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("3 entries", exact=True)).to_be_visible()
    assert sticks_out(page) == 0
    page.fill("#searchbar", "@example.net")
    page.press("#searchbar", "Enter")
    expect(page.get_by_role("link", name="ines@example.net")).to_be_visible()
    expect(page.get_by_text("bo@other.test")).to_have_count(0)
    with page.expect_download() as download:
        page.get_by_role("link", name="Export what is found as CSV").click()
    assert download.value.suggested_filename.startswith("suppression-list-")
    assert download.value.path().read_text().count("\n") == 2


def test_an_entry_is_removed(page: Page) -> None:
    store.note({Key("ines@example.net", "non_transactional"): Entry("Spam Complaint", "message 7")})
    page.goto(LIST)
    page.get_by_role("link", name="ines@example.net").click()
    assert sticks_out(page) == 0
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Yes, I’m sure").click()
    page.wait_for_url(f"**{LIST}")
    assert not Suppression.objects.exists()
