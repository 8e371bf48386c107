"""Summary, Bounces, Rejections, Accepted and Delayed in Chromium."""

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from momentum.lib import clock
from tests.browser.reader import Reader, happen, reader, reading
from tests.integration.report_events import make_event, record
from tracking.events import Event, EventType

__all__ = ["reader"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"
CAMPAIGNS = (
    "Spring sale 2031 🎉",
    "عرض الربيع الكبير",
    "newsletter-" + "very-long-" * 5 + "end",
    HOSTILE,
    "日本語",
    "",
)
DOMAINS = ("example.net", "mail.example.com", "xn--bcher-kva.example", "a" * 60 + ".example.org")
REASONS = (
    ("550 5.1.1 ...@... unknown user", 10),
    ("452 4.2.2 mailbox full " + "please try again later " * 20, 22),
    (HOSTILE, 50),
    ("554 5.7.1 صندوق البريد غير موجود", 51),
    ("what is this", 1),
    ("554 5.7.1 [internal] Campaign cancelled", 25),
)
NAMES = ("summary", "bounces", "rejections", "accepted", "delayed")


def busy_hours() -> Iterator[Event]:
    """A day of mail; the same every time."""
    dice = random.Random(7)
    now = clock.now()
    for number in range(3000):
        moment = now - timedelta(minutes=dice.triangular(0, 24 * 60, 200))
        common = {
            "message": number,
            "happened_at": moment,
            "campaign_id": dice.choice(CAMPAIGNS),
            "recipient_domain": dice.choice(DOMAINS),
            "sending_domain": "news.example.com",
            "ip_pool": "default",
            "sending_ip": f"192.0.2.{number % 3}",
            "template_id": dice.choice(("welcome", "")),
        }
        if number % 20 == 0:
            kind = dice.choice(
                (EventType.GENERATION_REJECTION, EventType.GENERATION_FAILURE, EventType.POLICY_REJECTION)
            )
            reason = dice.choice(
                ("recipient address suppressed", "Error while rendering part html: line 12", HOSTILE)
            )
            yield make_event(**common, type=kind, reason=reason, bounce_class=25)
            continue
        yield make_event(**common)
        reason, code = dice.choice(REASONS)
        if number % 7 == 0:
            yield make_event(
                **common, type=EventType.DELAY, bounce_class=70, reason=f"451 4.7.1 greylisted {number % 35}"
            )
        if number % 13 == 0:
            yield make_event(**common, type=EventType.BOUNCE, bounce_class=code, reason=reason)
            continue
        retries = dice.choice((0, 0, 0, 0, 1, 3, 6, 12))
        yield make_event(
            **common, type=EventType.DELIVERY, num_retries=retries, msg_size=24_000, queue_time=900 * (retries + 1)
        )
        if number % 3 == 0:
            yield make_event(**common, type=EventType.OPEN)


def drawn(page: Page) -> None:
    page.wait_for_function("Number(document.getElementById('report').dataset.drawn) > 0")


def refreshed(page: Page) -> None:
    page.wait_for_function("Number(document.getElementById('report').dataset.refreshed) > 0")


def inked(page: Page, graph: str) -> int:
    """How many pixels of a graph are painted."""
    return int(
        page.locator(f"#graph-{graph} canvas").evaluate(
            """canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data)
                .filter((_, index) => index % 4 === 3).filter(alpha => alpha > 0).length"""
        )
    )


def tooltip(page: Page, graph: str) -> list[str]:
    """What the tooltip of a graph says."""
    return list(
        page.locator(f"#graph-{graph} canvas").evaluate(
            """canvas => {
                const tip = Chart.getChart(canvas).tooltip;
                return tip.opacity ? [...tip.title, ...tip.body.flatMap(part => part.lines)] : [];
            }"""
        )
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_with_the_mail_that_people_really_send(
    chromium: Browser, live_server: Any, scheme: Any, width: int, tmp_path: Path
) -> None:
    record(busy_hours())
    with reading(chromium, live_server.url, width, color_scheme=scheme, timezone_id="Asia/Kolkata") as one:
        for name in NAMES:
            query = "period=24h&open=soft&compare=previous&metrics=count_targeted&metrics=open_rate"
            page = one.open(query, name)
            refreshed(page)
            if name == "summary":
                drawn(page)
                assert inked(page, "count") > 500
                page.locator("#tab-campaigns").click()
                page.wait_for_url("**tab=campaigns**")
                drawn(page)
                refreshed(page)
            page.evaluate("window.scrollTo(0, 0)")
            page.screenshot(path=tmp_path / f"{name}-{scheme}-{width}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name
            assert page.locator("img[src=x]").count() == 0


def test_hovering_shows_every_metric_of_that_time(reader: Reader) -> None:
    moment = clock.now() - timedelta(minutes=20)
    record([make_event(happened_at=moment, message=number) for number in range(1_234)])
    page = reader.open("metrics=count_injected&metrics=count_targeted&metrics=accepted_rate", "summary")
    drawn(page)
    box = page.locator("#graph-count canvas").bounding_box()
    assert box is not None
    for x in range(int(box["width"]), 0, -3):
        page.mouse.move(box["x"] + x, box["y"] + box["height"] / 2)
        if "Injected: 1,234" in (said := tooltip(page, "count")):
            break
    assert said[1:] == ["Injected: 1,234", "Targeted: 1,234"]
    assert said[0].endswith(("+01:00", "+02:00"))
    # The other graph has the same times.
    assert page.locator(".rp-graph").count() == 2


def test_a_graph_is_read_with_the_keys(reader: Reader) -> None:
    record([make_event(happened_at=clock.now() - timedelta(hours=1, minutes=1))])
    page = reader.open("period=24h&metrics=count_injected", "summary")
    drawn(page)
    page.locator("#graph-count canvas").focus()
    page.keyboard.press("ArrowLeft")
    last = tooltip(page, "count")
    assert last[0].endswith("(incomplete)")
    page.keyboard.press("ArrowLeft")
    assert tooltip(page, "count") != last
    page.keyboard.press("Escape")
    assert tooltip(page, "count") == []


def test_figures_and_graphs_refresh_in_place(reader: Reader) -> None:
    record([make_event(happened_at=clock.now() - timedelta(minutes=3))])
    page = reader.open("metrics=count_injected&metrics=count_bounce", "summary")
    drawn(page)
    page.locator("#graph-count canvas").evaluate("canvas => { window.first = Chart.getChart(canvas); }")
    page.locator("#sort-count_bounce").focus()
    page.evaluate("window.scrollTo(0, 200)")
    scrolled = page.evaluate("window.scrollY")
    happen(make_event(message=2), make_event(message=2, type=EventType.BOUNCE, bounce_class=10, reason="no"))
    expect(page.locator("#head-count_injected dd")).to_have_text("2", timeout=3000)
    expect(page.locator("#table-table tbody tr").first).to_contain_text("1")
    total = page.locator("#graph-count canvas").evaluate(
        """canvas => Chart.getChart(canvas) === window.first
            && Chart.getChart(canvas).data.datasets[0].data.reduce((sum, value) => sum + value, 0)"""
    )
    assert total == 2
    assert page.evaluate("document.activeElement.id") == "sort-count_bounce"
    assert page.evaluate("window.scrollY") == scrolled


@pytest.mark.parametrize("scale", ["log", "power"])
def test_zero_lies_at_the_base_of_every_scale(reader: Reader, scale: str) -> None:
    moment = clock.now() - timedelta(minutes=30)
    record([make_event(happened_at=moment, message=number) for number in range(1000)])
    page = reader.open(f"metrics=count_injected&scale={scale}", "summary")
    drawn(page)
    zero, small, large, bottom = page.locator("#graph-count canvas").evaluate(
        """canvas => {
            const scale = Chart.getChart(canvas).scales.y;
            return [...[0, 10, 1000].map(value => scale.getPixelForValue(value)), scale.bottom];
        }"""
    )
    assert zero == bottom
    assert zero - small > (zero - large) * 0.05
    assert inked(page, "count") > 500


def test_a_sixth_metric_is_refused_while_choosing(reader: Reader) -> None:
    page = reader.open("", "summary")
    page.locator("#picker summary").click()
    page.get_by_label("Clicks", exact=True).check()
    page.get_by_label("Sent", exact=True).click()
    expect(page.get_by_label("Sent", exact=True)).not_to_be_checked()
    expect(page.locator("#picker-refusal")).to_contain_text("Up to 5 metrics")
    page.get_by_label("Bounces", exact=True).uncheck()
    page.get_by_label("Sent", exact=True).focus()
    expect(page.locator("#picker-description")).to_contain_text("Messages delivered or bounced in-band.")
    page.keyboard.press("Space")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**metrics=count_sent**")
    assert sorted(reader.query["metrics"]) == sorted(
        ["count_targeted", "count_rendered", "count_accepted", "count_clicked", "count_sent"]
    )


def test_a_row_a_tab_and_another_report_keep_the_filters(reader: Reader) -> None:
    record(busy_hours())
    page = reader.open("period=24h", "summary")
    # Anywhere on the row: the link of its name covers it.
    last = page.locator("#table-table tbody tr").first.locator("td").last
    last.scroll_into_view_if_needed()
    cell = last.bounding_box()
    assert cell is not None
    page.mouse.click(cell["x"] + 5, cell["y"] + 5)
    page.wait_for_url("**domains=**")
    page.locator("#tab-campaigns").click()
    page.wait_for_url("**tab=campaigns**")
    page.locator("#table-table").get_by_text("Spring sale").click()
    page.wait_for_url("**campaigns=**")
    page.locator(".rp-menu").get_by_role("link", name="Delayed").click()
    page.wait_for_url("**/delayed/**")
    assert reader.query["campaigns"] == ["Spring sale 2031 🎉"]
    assert len(reader.query["domains"]) == 1
    assert reader.query["period"] == ["24h"]
    page.go_back()
    expect(page.locator("#head-title")).to_have_text("Summary")


def test_columns_are_filtered_and_categories_opened_by_keyboard(reader: Reader) -> None:
    record(busy_hours())
    page = reader.open("period=24h", "bounces")
    page.locator("#open-soft").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**open=soft**")
    expect(page.locator("#classifications")).to_contain_text("Mailbox Full")
    expect(page.locator("#open-soft")).to_have_attribute("aria-expanded", "true")
    page.get_by_text("Bounce Category").first.click()
    page.get_by_label("Hard", exact=True).check()
    page.get_by_role("button", name="Apply").locator("visible=true").click()
    page.wait_for_url("**category=Hard**")
    expect(page.locator("#reasons-table tbody tr")).to_have_count(1)
    assert reader.query["open"] == ["soft"]


def test_the_time_zone_is_picked_from_those_of_the_browser(reader: Reader) -> None:
    page = reader.open("period=24h", "accepted")
    refreshed(page)
    page.locator("#zone-picker summary").click()
    page.wait_for_function("document.querySelectorAll('#zones option').length > 300")
    page.get_by_label("Time zone").fill("Asia/Kolkata")
    page.keyboard.press("Enter")
    page.wait_for_url("**timezone=Asia%2FKolkata**")
    expect(page.locator("#period")).to_contain_text("+05:30")
    page.locator("#zone-picker summary").click()
    page.get_by_role("link", name="Zone of the browser").click()
    page.wait_for_url(lambda url: "timezone" not in url)
    expect(page.locator("#period")).to_contain_text("Europe/Berlin")


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_a_report_is_inline(reader: Reader, name: str) -> None:
    record(busy_hours())
    page = reader.open("period=24h", name)
    inline = page.evaluate(
        """() => Array.from(document.querySelectorAll('#report, #report *')).filter(element =>
            ['SCRIPT', 'STYLE'].includes(element.tagName) && !element.src ||
            element.getAttributeNames().some(name => /^(on|x-)/.test(name))
        ).length"""
    )
    assert inline == 0
    assert page.evaluate(
        "() => { try { document.body.setAttribute('onclick', 'window.ran = 1'); "
        "document.body.click(); } catch (_) {} return window.ran === undefined; }"
    )
    reader.complaints.clear()
