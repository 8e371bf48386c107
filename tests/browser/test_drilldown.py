"""The pages behind the reports in a real browser, with an invented month and with hostile names."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from momentum.lib import clock
from momentum.management.demo import filling
from reports.drilldown import habits, members
from tests.api import Api, make_transmission
from tests.integration.report_events import make_event, record
from tracking.events import EventType
from transmissions.models import RecipientList

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
PERMISSIONS = ("view_reports", "view_transmission", "add_recipientlist", "view_recipientlist")


@pytest.fixture(autouse=True)
def _nothing_at_hand() -> None:
    members.forget()
    habits.forget()


@contextmanager
def reading(chromium: Browser, address: str, width: int = 1280, **options: Any) -> Iterator[Page]:
    """A signed-in person, whose pages may complain of nothing and ask no other host for anything."""
    user = User.objects.create_user(f"mara{width}", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=PERMISSIONS))
    client = Client()
    client.force_login(user)
    context = chromium.new_context(
        viewport={"width": width, "height": 800}, locale="en-US", timezone_id="UTC", base_url=address, **options
    )
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": address}])
    page, complaints, elsewhere = context.new_page(), list[str](), list[str]()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
    page.on(
        "request",
        lambda request: (
            elsewhere.append(request.url) if not request.url.startswith((address, "data:", "blob:")) else None
        ),
    )
    yield page
    page.goto("about:blank")
    context.close()
    assert complaints == []
    assert elsewhere == []


def fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_from_the_funnel_to_a_person_and_to_a_list(chromium: Browser, live_server: Any) -> None:
    filling.fill(seed=2, days=4, recipients=200)
    with reading(chromium, live_server.url) as page:
        page.goto("/admin/reports/engagement/?period=7d&campaigns=newsletter-1")
        step = page.locator("#step-3 .rp-step-number").inner_text()
        page.get_by_role("navigation", name="Recipients behind the figures").get_by_role(
            "link", name="Opened"
        ).click()
        expect(page.locator("#count")).to_have_text(step)
        everyone = int(step.replace(",", ""))
        page.get_by_role("link", name="Without machines").click()
        expect(page.get_by_role("link", name="Without machines")).to_have_attribute("aria-current", "true")
        people = int(page.locator("#count").inner_text())
        assert 25 < people < everyone
        expect(page.locator("#range")).to_have_text(f"1–25 of {people}")
        page.get_by_label("Next page").click()
        expect(page.locator("#range")).to_have_text(f"26–{min(50, people)} of {people}")
        first = page.locator("#recipients-table tbody a").first
        address = first.inner_text()
        first.click()
        expect(page.locator("#timeline")).to_contain_text("Injection")
        page.locator("#all-events").click()
        expect(page.locator("#timeline-title")).to_have_text(f"All messages to {address}")
        page.go_back()
        page.go_back()
        page.locator("#make-list").click()
        page.get_by_label("Label of the list").fill("Openers")
        page.get_by_role("button", name="Make the list").click()
        page.wait_for_url("**/recipientlist/**")
        assert RecipientList.objects.get().name == "Openers"
        assert RecipientList.objects.get().size == people


def test_both_sides_of_a_link(chromium: Browser, live_server: Any, tmp_path: Path) -> None:
    filling.fill(seed=2, days=4, recipients=200)
    with reading(chromium, live_server.url) as page:
        page.goto("/admin/reports/engagement/?period=7d")
        page.locator("#links-table tbody a").first.click()
        expect(page.locator("#parts-table")).to_contain_text("HTML")
        clicked = int(page.locator("#count").inner_text())
        page.get_by_role("link", name="Did not click").click()
        not_clicked = int(page.locator("#count").inner_text())
        page.goto("/admin/reports/recipients/?period=7d&who=opened")
        assert int(page.locator("#count").inner_text()) == clicked + not_clicked
        with page.expect_download() as saved:
            page.locator("#save-csv").click()
        target = tmp_path / saved.value.suggested_filename
        saved.value.save_as(target)
        assert re.fullmatch(r"opened-\d{8}T\d{4}-\d{8}T\d{4}\.csv", target.name)
        assert len(target.read_bytes().splitlines()) == 1 + clicked + not_clicked


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_with_an_invented_month(
    chromium: Browser, live_server: Any, scheme: Any, width: int, tmp_path: Path
) -> None:
    filling.fill(seed=4, days=9, recipients=120)
    with reading(chromium, live_server.url, width, color_scheme=scheme) as page:
        for name, path in {
            "recipients": "recipients/?period=14d&who=clicked",
            "comparison": "comparison/?period=14d",
            "habits": "habits/?period=14d",
            "click-map": "click-map/?period=14d",
        }.items():
            page.goto(f"/admin/reports/{path}")
            page.screenshot(path=tmp_path / f"{name}-{scheme}-{width}.png", full_page=True)
            assert fits(page), name
        page.goto("/admin/reports/recipients/?period=14d&who=opened")
        page.locator("#recipients-table tbody a").first.click()
        page.locator("#timeline").wait_for()
        page.screenshot(path=tmp_path / f"message-{scheme}-{width}.png", full_page=True)
        assert fits(page)


def test_the_comparison_draws_its_curves(chromium: Browser, live_server: Any) -> None:
    filling.fill(seed=4, days=4, recipients=120)
    with reading(chromium, live_server.url) as page:
        page.goto("/admin/reports/comparison/?period=7d")
        page.wait_for_function("Number(document.getElementById('report').dataset.drawn) > 0")
        canvas = page.locator(".rp-graph canvas")
        assert canvas.evaluate("canvas => Chart.getChart(canvas).data.datasets.length") == 3
        page.get_by_text("Figures as a table").click()
        expect(page.locator("#series-table thead")).to_contain_text("newsletter-1")


def test_the_click_map_lays_figures_over_links_and_runs_nothing(chromium: Browser, live_server: Any) -> None:
    html = (
        f"<html><body>{HOSTILE}<style>a::after{{content:'9999'}}</style>"
        '<a href="https://shop.test/x" data-msys-linkname="top">Buy</a> '
        '<a href="https://shop.test/x">Buy again</a></body></html>'
    )
    content = {"from": "news@mail.example.org", "subject": HOSTILE, "html": html}
    body = make_transmission(content=content, recipients=[{"address": "ines@example.net"}])
    answer = Api().post("transmissions", body)
    transmission = int(answer.json()["results"]["id"])
    record(
        make_event(
            type=EventType.CLICK,
            transmission=transmission,
            message=message,
            link_label=label,
            happened_at=clock.now() - timedelta(minutes=1),
            data={"link": {"part": "html", "position": position}},
        )
        for message, position, label in ((1, 1, "top"), (2, 1, "top"), (3, 2, "https://shop.test/x"))
    )
    with reading(chromium, live_server.url) as page:
        page.goto("/admin/reports/click-map/")
        links = page.frame_locator(".dd-frame").locator("a")
        expect(links).to_have_count(2)
        figures = [
            link.evaluate("link => getComputedStyle(link, '::after').content", timeout=5000) for link in links.all()
        ]
        assert figures == ['"2 · 66.7%"', '"1 · 33.3%"']
        wide = page.locator(".dd-frame").bounding_box()
        page.get_by_role("link", name="Mobile").click()
        narrow = page.locator(".dd-frame").bounding_box()
        assert wide is not None
        assert narrow is not None
        assert (wide["width"], narrow["width"]) == (800, 375)
        page.wait_for_timeout(300)


def test_names_from_outside_do_nothing(chromium: Browser, live_server: Any) -> None:
    moment = clock.now() - timedelta(minutes=1)
    agent = {"agent_family": HOSTILE, "os_family": HOSTILE}
    record(
        make_event(
            type=kind,
            message=1,
            rcpt_to="ines@example.net",
            campaign_id=HOSTILE[:60],
            subject_campaign=HOSTILE,
            link_label=HOSTILE if kind is EventType.CLICK else "",
            reason=HOSTILE,
            happened_at=moment,
            data={
                "raw_rcpt_to": HOSTILE,
                "raw_reason": HOSTILE,
                "user_agent": HOSTILE,
                "user_agent_parsed": agent,
                "geo_ip": {"city": HOSTILE, "country": HOSTILE},
                "rcpt_meta": {HOSTILE: HOSTILE},
                "link": {"part": HOSTILE, "position": 1},
            },
        )
        for kind in (EventType.INJECTION, EventType.DELAY, EventType.DELIVERY, EventType.OPEN, EventType.CLICK)
    )
    with reading(chromium, live_server.url) as page:
        for path in (
            "recipients/?who=clicked",
            "messages/1/",
            "events/?address=ines@example.net",
            "habits/",
            "comparison/",
            "click-map/",
        ):
            page.goto(f"/admin/reports/{path}")
            expect(page.locator("#report")).to_contain_text("<script>alert(2)</script>")
            inline = page.evaluate(
                """() => Array.from(document.querySelectorAll('#report, #report *')).filter(element =>
                    ['SCRIPT', 'STYLE'].includes(element.tagName) ||
                    element.getAttributeNames().some(name => name === 'style' || /^(on|x-)/.test(name))
                ).map(element => element.outerHTML.slice(0, 80))"""
            )
            assert [one for one in inline if "canvas" not in one] == [], path
