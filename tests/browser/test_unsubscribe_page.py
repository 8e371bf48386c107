"""What a reader sees who opens an unsubscribe link: on a desk and on a telephone, by day and by night."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, expect
from redis import Redis

from momentum.lib import clock
from tests.unit.tracking.builders import make_link_part, make_message_part
from tracking import keys, stream
from tracking.tokens import Kind, Sealer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_button_unsubscribes_and_the_page_says_so(
    chromium: Browser, live_server: Any, width: int, scheme: Any
) -> None:
    sealer = Sealer(keys.load(Path(settings.MOMENTUM_HOME), settings.TRACKING_KEYS))
    message = sealer.message_part(make_message_part(sent_at=int(clock.now().timestamp())))
    link = sealer.link_part(make_link_part(kind=Kind.LIST_UNSUBSCRIBE, url="", name="", label=""))
    context = chromium.new_context(
        base_url=live_server.url,
        viewport={"width": width, "height": 800},
        color_scheme=scheme,
        java_script_enabled=False,
    )
    with Redis.from_url(settings.REDIS_LOCATION) as redis:
        redis.delete(stream.STREAM)
        page = context.new_page()
        page.goto(f"/u/{message}/{link}")
        assert redis.xlen(stream.STREAM) == 0, "looking at the page unsubscribes nobody"
        button = page.get_by_role("button", name="Unsubscribe")
        box = button.bounding_box()
        assert box is not None
        # As high as a finger wants it, and nothing sticks out.
        assert box["height"] >= 40
        assert box["x"] + box["width"] <= width
        button.click()
        expect(page.get_by_role("heading")).to_have_text("You have been unsubscribed")
        assert redis.xlen(stream.STREAM) == 1
        redis.delete(stream.STREAM)
    context.close()
