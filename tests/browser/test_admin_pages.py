"""The pages for API keys and the msg_gen configuration, on a desk and on a telephone, by day and by night."""

from collections.abc import Iterator
from typing import Any, Literal

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page

from accounts import actions
from accounts.models import ApiKey
from tracking import configuration
from tracking.models import Option

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "a long enough secret"
Scheme = Literal["light", "dark"]


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(params=[(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")], ids=str)
def page(request: Any, chromium: Browser, live_server: Any) -> Iterator[Page]:
    """A page of a signed-in administrator; at its end no script may have failed and nothing may stick out."""
    width, scheme = request.param
    User.objects.create_superuser("ada", password=PASSWORD)
    context = chromium.new_context(
        base_url=live_server.url, viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    opened = context.new_page()
    failures: list[str] = []
    opened.on("pageerror", lambda error: failures.append(str(error)))
    opened.goto("/admin/login/?next=/admin/accounts/apikey/")
    opened.fill("#id_username", "ada")
    opened.fill("#id_password", PASSWORD)
    opened.press("#id_password", "Enter")
    opened.wait_for_url("**/admin/accounts/apikey/")
    yield opened
    assert failures == []
    context.close()


def sticks_out(page: Page) -> int:
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width


def test_a_key_is_made_copied_and_not_shown_again(page: Page) -> None:
    page.goto("/admin/accounts/apikey/add/")
    page.fill("#id_label", "Shop")
    page.get_by_label("Metrics: Read-only").check()
    page.fill("#id_account_password", PASSWORD)
    assert sticks_out(page) == 0
    page.get_by_role("button", name="Save").click()
    shown = page.locator("#api-key").inner_text()
    assert actions.find_key(shown) == ApiKey.objects.get()
    assert sticks_out(page) == 0
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Copied").wait_for()
    page.reload()
    assert shown not in page.content()
    assert ApiKey.objects.count() == 1
    assert page.get_by_text("Shop").first.is_visible()
    assert sticks_out(page) == 0


def test_an_option_is_changed_by_enter_and_reset_by_its_button(page: Page) -> None:
    page.goto("/admin/tracking/msg-gen/")
    page.fill("#id_engagement_tracking_host", "https://track.example.org")
    page.press("#id_engagement_tracking_host", "Enter")
    page.get_by_text("Leave out the scheme").wait_for()
    assert sticks_out(page) == 0
    page.fill("#id_engagement_tracking_host", "a-rather-long-name-for-tracking.mail.example.org:8181")
    page.press("#id_engagement_tracking_host", "Enter")
    page.get_by_text("Holds for the next generation").wait_for()
    assert (
        configuration.current().engagement_tracking_host == "a-rather-long-name-for-tracking.mail.example.org:8181"
    )
    assert sticks_out(page) == 0
    page.get_by_role("button", name="Reset to default").click()
    page.get_by_text("→").first.wait_for()
    assert not Option.objects.exists()
