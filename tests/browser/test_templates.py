"""Writing a template in a real browser: the preview follows, faults are marked, a test arrives, nothing runs."""

from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import Any, Literal

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import override_settings
from playwright.sync_api import Browser, Page, expect

from tests.smtp_peers import Peer, serving
from transmissions.actions import templates
from transmissions.models import Template
from transmissions.pipeline import generating, jobs, trying
from transmissions.template_versions import find_version, shown

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "a long enough secret"
Scheme = Literal["light", "dark"]


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    with serving(peer) as port, override_settings(SMTP_URL=f"smtp://127.0.0.1:{port}/"):
        trying.relay.cache_clear()
        jobs.forget()
        yield peer
        trying.relay().close()
        trying.relay.cache_clear()


@pytest.fixture(params=[(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")], ids=str)
def page(request: Any, chromium: Browser, live_server: Any) -> Iterator[Page]:
    """A page of a signed-in administrator; at its end no script may have failed and nothing may stick out."""
    yield from _signed_in(chromium, live_server.url, *request.param)


@pytest.fixture
def desk(chromium: Browser, live_server: Any) -> Iterator[Page]:
    yield from _signed_in(chromium, live_server.url, 1280, "light")


def _signed_in(chromium: Browser, url: str, width: int, scheme: Scheme) -> Iterator[Page]:
    User.objects.create_superuser("ada", password=PASSWORD)
    context = chromium.new_context(base_url=url, viewport={"width": width, "height": 900}, color_scheme=scheme)
    opened = context.new_page()
    failures: list[str] = []
    opened.on("pageerror", lambda error: failures.append(str(error)))
    opened.goto("/admin/login/?next=/admin/templates/")
    opened.fill("#id_username", "ada")
    opened.fill("#id_password", PASSWORD)
    opened.press("#id_password", "Enter")
    opened.wait_for_url("**/admin/templates/")
    yield opened
    assert failures == []
    assert opened.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    context.close()


def write(page: Page, **fields: str) -> None:
    """Fill in the form, opening the tab that a field is on."""
    for name, text in fields.items():
        if (tab := page.locator(f"#tab-{name}")).count():
            tab.click()
        page.fill(f"#{name}", text)


def body(page: Page) -> Any:
    return page.frame_locator("#tp-frame").locator("body")


def version(*, draft: bool) -> dict[str, Any]:
    return shown(find_version("spring", draft))


def test_a_template_is_written_previewed_saved_published_and_tested(page: Page, peer: Peer) -> None:
    page.get_by_role("link", name="New template").click()
    write(page, name="Spring", key="spring", from_email="desk@mail.example.org", subject="Dear {{name}}")
    write(page, html="<h1>Hello {{name}}</h1>", text="Hello {{name}}", test_data='{"name": "Zoë"}')
    expect(body(page)).to_have_text("Hello Zoë")
    expect(page.locator("#tp-shown-head .tp-subject")).to_have_text("Dear Zoë")
    page.get_by_role("group", name="Part shown").get_by_text("Text").click()
    expect(page.locator("#tp-shown-text")).to_have_text("Hello Zoë")

    write(page, html="<h1>\n\n{{if name}}")
    expect(page.locator("#tab-html")).to_have_attribute("data-faulty", "")
    page.get_by_role("button", name="HTML, line 3").click()
    assert page.evaluate("document.activeElement.id") == "html"
    selected = page.evaluate("[document.activeElement.selectionStart, document.activeElement.selectionEnd]")
    assert selected == [6, 17]
    # What was good stays in sight meanwhile.
    expect(page.locator("#tp-shown-text")).to_have_text("Hello Zoë")
    write(page, html="<h1>Hello {{name}}!</h1>")
    expect(page.locator("#tab-html")).not_to_have_attribute("data-faulty", "")

    page.get_by_role("button", name="Save draft").click()
    page.wait_for_url("**/admin/templates/edit/spring/?created=1")
    assert version(draft=True)["content"]["html"] == "<h1>Hello {{name}}!</h1>"
    # The test data were never on the server, and are still there.
    expect(body(page)).to_have_text("Hello Zoë!")

    write(page, test_address="ines@example.net")
    page.get_by_role("button", name="Send test").click()
    expect(page.get_by_text("Queued for ines@example.net")).to_be_visible()
    generating.generate_due()
    (taken,) = peer.taken
    message = message_from_bytes(taken.data, policy=policy.default)
    assert (taken.rcpt, message["Subject"]) == ("RCPT TO:<ines@example.net>", "Dear Zoë")
    assert "Hello Zoë!" in message.get_body(("html",)).get_content()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM tracking_event")
        assert cursor.fetchone() == (0,)

    page.get_by_role("button", name="Publish").click()
    expect(page.get_by_text("Published.")).to_be_visible()
    assert version(draft=False)["content"]["subject"] == "Dear {{name}}"
    assert not version(draft=False)["has_draft"]
    page.locator("#tp-editor .tp-bar > a").click()
    expect(page.get_by_role("link", name="Spring")).to_be_visible()


def test_nothing_in_a_template_runs(desk: Page) -> None:
    evil = '<script>top.owned = 1</script><img src="data:," onerror="top.owned = 1">'
    templates.create(
        {
            "id": "spring",
            "name": evil,
            "description": evil,
            "content": {
                "from": {"email": "a@b.test", "name": evil},
                "subject": evil,
                "html": f"<p>seen</p>{evil}",
                "text": evil,
            },
        }
    )
    desk.goto("/admin/templates/edit/spring/")
    expect(body(desk)).to_contain_text("seen")
    expect(desk.locator("#tp-shown-head .tp-subject")).to_contain_text("<script>")
    desk.locator("#check").click()
    expect(desk.locator("#tp-checked")).to_contain_text("image without alt text")
    assert desk.evaluate("window.owned") is None
    desk.goto("/admin/templates/")
    expect(desk.locator(".tp-label")).to_contain_text("<script>")
    assert desk.evaluate("window.owned") is None


def test_the_preview_has_the_width_of_a_desk_or_of_a_telephone(desk: Page) -> None:
    content = {"from": "a@b.test", "subject": "x", "html": "<p>x</p>"}
    templates.create({"id": "spring", "content": content})
    desk.goto("/admin/templates/edit/spring/")
    expect(body(desk)).to_have_text("x")
    frame = desk.locator("#tp-frame")
    width = "element => element.offsetWidth"
    assert frame.evaluate(width) >= 720
    desk.get_by_role("button", name="Mobile").click()
    assert frame.evaluate(width) == 375
    # In sight while the template scrolls.
    desk.locator("#check").scroll_into_view_if_needed()
    expect(desk.locator("#tp-preview h2")).to_be_in_viewport()


def test_changes_are_not_lost_without_a_question(desk: Page) -> None:
    content = {"from": "a@b.test", "subject": "x", "html": "<p>x</p>"}
    templates.create({"id": "spring", "content": content})
    desk.goto("/admin/templates/edit/spring/")
    desk.locator("#subject").press_sequentially("y")
    asked: list[str] = []

    def stay(dialog: Any) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    desk.once("dialog", stay)
    desk.locator("#tp-editor .tp-bar > a").click()
    expect(desk.locator("#subject")).to_have_value("yx")
    assert asked == ["beforeunload"]
    desk.once("dialog", lambda dialog: dialog.dismiss())
    desk.get_by_role("button", name="Delete").click()
    assert Template.objects.exists()
    desk.once("dialog", lambda dialog: dialog.accept())
    desk.get_by_role("button", name="Delete").click()
    expect(desk.get_by_text("Template spring was deleted.")).to_be_visible()
    assert not Template.objects.exists()


def test_a_session_that_has_ended_says_so_and_loses_nothing(desk: Page) -> None:
    templates.create({"id": "spring", "content": {"from": "a@b.test", "subject": "x", "html": "<p>x</p>"}})
    desk.goto("/admin/templates/edit/spring/")
    expect(body(desk)).to_have_text("x")
    desk.context.clear_cookies(name="sessionid")
    write(desk, html="<p>written</p>")
    expect(desk.get_by_text("You are signed out.")).to_be_visible()
    expect(desk.locator("#html")).to_have_value("<p>written</p>")
