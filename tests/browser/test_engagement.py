"""The Engagement report in Chromium, with the mail that people really send."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.reader import Reader, happen, reader, reading, recent
from tests.integration.report_events import make_event, record, worked_example
from tracking.events import Event, EventType

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

__all__ = ["reader"]

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
LONG = "https://shop.example.com/" + "spring-collection/" * 20 + "?utm_source=newsletter"
NAMES = (
    HOSTILE,
    LONG,
    "عرض الربيع الكبير",
    "Sale 🎉 now",
    "日本語のリンク",
    '=HYPERLINK("http://x")',
    "top",
    "{{ 7*7 }}",
)


def click(label: str, message: int = 1, **changes: object) -> Event:
    named = "Raw URL" if label.startswith("http") else label
    return make_event(
        type=EventType.CLICK, link_label=label, message=message, data={"target_link_name": named}, **changes
    )


def test_the_worked_example(reader: Reader) -> None:
    record(recent(worked_example()))
    page = reader.open()
    assert reader.steps() == [("3", "100%"), ("2", "66.7%"), ("2", "66.7%"), ("2", "66.7%")]
    assert reader.links() == [
        ["top", "2", "4", "66.7%"],
        ["https://shop.example.com/sale unnamed", "1", "2", "33.3%"],
    ]
    expect(page.locator(".rp-summary")).to_have_text(
        "100% of accepted mail opened, 100% clicked. Of 2 delivered, with open tracking: 1, with click tracking: 2."
    )
    page.locator("#step-3").focus()
    expect(page.locator("#step-3-tip")).to_be_visible()
    assert "100% of the step before" in page.locator("#step-3-tip").inner_text()
    expect(page.locator("#period")).to_contain_text("Europe/Berlin")


def test_a_click_shows_by_itself_and_disturbs_nothing(reader: Reader) -> None:
    record(recent(click(f"link {number:03}", message) for number in range(60) for message in range(2)))
    page = reader.open("sort=name&page=2&size=25")
    expect(page.locator("#links-table tbody tr").first).to_contain_text("link 025")
    page.locator("#sort-raw").focus()
    page.mouse.wheel(0, 300)
    page.wait_for_function("window.scrollY > 100")
    scrolled = page.evaluate("window.scrollY")
    happen(click("link 026", 9), click("another", 9))
    expect(page.locator("#step-4 .rp-step-number")).to_have_text("3", timeout=3000)
    assert reader.links()[0][0] == "link 024"
    assert reader.links()[2] == ["link 026", "3", "3", "2.5%"]
    assert page.evaluate("document.activeElement.id") == "sort-raw"
    assert page.evaluate("window.scrollY") == scrolled
    assert reader.query == {"sort": ["name"], "page": ["2"], "size": ["25"]}


def test_refreshing_can_be_paused(reader: Reader) -> None:
    record(recent(worked_example()))
    page = reader.open()
    page.wait_for_function("Number(document.getElementById('report').dataset.refreshed) > 0")
    page.locator("#pause").click()
    expect(page.locator("#pause")).to_have_attribute("aria-pressed", "true")
    happen(click("top", 9))
    page.wait_for_timeout(2500)
    assert reader.links()[0][2] == "4"
    page.locator("#pause").click()
    expect(page.locator("#links-table tbody tr").first).to_contain_text("5")


def test_filters_by_keyboard_and_the_way_back(reader: Reader) -> None:
    record(
        recent(
            [
                click("a", 1, campaign_id="Spring sale", recipient_domain="mail.test"),
                click("b", 2, campaign_id="Spring news", recipient_domain="mail.test"),
                click("c", 3, campaign_id="Autumn", recipient_domain="post.test"),
            ]
        )
    )
    page = reader.open("period=24h")
    search = page.get_by_label("Filter by campaign")
    search.press_sequentially("sp")
    page.wait_for_timeout(400)
    expect(page.locator("#suggestions a")).to_have_count(0)
    search.press_sequentially("r")
    expect(page.locator("#suggestions a")).to_have_count(2)
    search.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**campaigns=**")
    assert reader.query == {"period": ["24h"], "campaigns": ["Spring sale"]}
    assert [row[0] for row in reader.links()] == ["a"]

    page.get_by_label("Filter by campaign").press_sequentially("mail")
    page.locator("#suggestions a").first.click()
    page.wait_for_url("**domains=**")
    assert reader.query["campaigns"] == ["Spring sale"]
    page.get_by_label("Remove the filter Campaign Spring sale").click()
    page.wait_for_url(lambda url: "campaigns" not in url)
    assert sorted(row[0] for row in reader.links()) == ["a", "b"]

    page.go_back()
    assert reader.query["campaigns"] == ["Spring sale"]
    assert [row[0] for row in reader.links()] == ["a"]


def test_a_custom_range_is_in_the_browsers_zone(reader: Reader) -> None:
    record(recent(worked_example()))
    page = reader.open()
    page.wait_for_function("Number(document.getElementById('report').dataset.refreshed) > 0")
    page.get_by_text("Custom Range").click()
    page.get_by_label("From").fill("2026-01-02T03:04")
    page.get_by_label("To, exclusive").fill("2026-01-02T05:06")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**period=custom**")
    assert reader.query == {
        "period": ["custom"],
        "timezone": ["Europe/Berlin"],
        "from": ["2026-01-02T03:04"],
        "to": ["2026-01-02T05:06"],
    }
    expect(page.locator("#period")).to_contain_text("Jan. 2, 2026, 03:04 +01:00")
    expect(page.locator("#links-table")).to_contain_text("No clicks to report")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_names_that_people_really_use(
    chromium: Browser, live_server: Any, scheme: Any, width: int, tmp_path: Path
) -> None:
    record(recent(click(name, message) for message, name in enumerate(NAMES)))
    record(recent(make_event(message=number) for number in range(12_345)))
    record(recent(make_event(message=number, type=EventType.DELIVERY) for number in range(10_000)))
    with reading(chromium, live_server.url, width, color_scheme=scheme, timezone_id="Asia/Kolkata") as reader:
        page = reader.open(f"campaigns=spring&campaigns={HOSTILE}&sort=name")
        page.wait_for_function("Number(document.getElementById('report').dataset.refreshed) > 0")
        page.screenshot(path=tmp_path / f"{scheme}-{width}.png", full_page=True)
        assert sorted(page.locator("#links-table bdi").all_inner_texts()) == sorted(NAMES)
        assert reader.steps()[0] == ("12,345", "100%")
        long = page.locator(f'th[title="{LONG}"] bdi')
        assert long.evaluate("cell => cell.scrollWidth > cell.clientWidth")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.locator(".rp-shape:visible").count() == 1


def test_ten_thousand_links(reader: Reader, tmp_path: Path) -> None:
    record(recent(click(f"link {number:05}", number % 7) for number in range(10_000)))
    page = reader.open()
    expect(page.locator("#links-pages")).to_contain_text("1–25 of 10,000")
    page.get_by_role("link", name="100", exact=True).click()
    page.wait_for_url("**size=100**")
    page.get_by_role("link", name="Last page").click()
    page.wait_for_url("**page=100**")
    assert [row[0] for row in reader.links()][-1] == "link 09999"
    page.locator("#sort-name").click()
    page.wait_for_url("**sort=name**")
    assert reader.links()[0] == ["link 00000", "1", "1", "0.0%"]
    with page.expect_download() as saved:
        page.locator("#save-csv").click()
    target = tmp_path / saved.value.suggested_filename
    saved.value.save_as(target)
    assert re.fullmatch(r"engagement-\d{8}T\d{4}-\d{8}T\d{4}\.csv", target.name)
    assert len(target.read_bytes().splitlines()) == 10_001
    assert len(reader.open("").locator("#links-table tbody tr").all()) == 100


def test_nothing_to_show(reader: Reader) -> None:
    page = reader.open()
    expect(page.locator("#links-table")).to_contain_text("No clicks to report")
    assert reader.steps() == [("0", "0%")] * 4
    happen(*worked_example())
    expect(page.locator("#step-1 .rp-step-number")).to_have_text("3", timeout=3000)


def test_nothing_of_the_report_is_inline(reader: Reader) -> None:
    record(recent(worked_example()))
    page = reader.open("campaigns=spring")
    inline = page.evaluate(
        """() => Array.from(document.querySelectorAll('#report, #report *')).filter(element =>
            ['SCRIPT', 'STYLE'].includes(element.tagName) ||
            element.getAttributeNames().some(name => name === 'style' || /^(on|x-)/.test(name))
        ).length"""
    )
    assert inline == 0


def test_the_figures_can_be_read_without_the_picture(reader: Reader) -> None:
    record(recent(worked_example()))
    page = reader.open()
    page.get_by_text("Figures as a table").click()
    rows = page.locator("#funnel-table tbody tr").all_inner_texts()
    assert rows[1].split("\t") == ["Accepted", "2", "66.7%", "100%", "66.7%"]
    assert page.locator(".rp-across").get_attribute("aria-hidden") == "true"
    assert page.locator("#links-table th[aria-sort=descending]").inner_text().startswith("Clicks")
