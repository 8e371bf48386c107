"""A signed-in person's browser at the report pages."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.test import Client
from playwright.sync_api import Browser, Page

from momentum.lib import clock
from reports import rollups
from tests.integration.report_events import make_event
from tracking import log
from tracking.events import Event


class Reader:
    """One person's browser at one page of a running server."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address
        self.complaints: list[str] = []
        self.elsewhere: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("dialog", lambda dialog: (self.complaints.append(dialog.message), dialog.dismiss()))
        page.on("request", self._note)
        # What the Content-Security-Policy stops is told on the console.
        page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))

    def _note(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.elsewhere.append(request.url)

    def open(self, query: str = "", report: str = "engagement") -> Page:
        self.page.goto(f"{self.address}/admin/reports/{report}/?{query}")
        return self.page

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.page.url).query)

    def links(self) -> list[list[str]]:
        rows = self.page.locator("#links-table tbody tr").all()
        return [[" ".join(cell.inner_text().split()) for cell in row.locator("th, td").all()] for row in rows]

    def steps(self) -> list[tuple[str, str]]:
        return [
            (
                step.locator(".rp-step-number").inner_text().strip(),
                step.locator(".rp-step-share").inner_text().strip(),
            )
            for step in self.page.locator(".rp-step").all()
        ]


@contextmanager
def reading(chromium: Browser, address: str, width: int = 1280, **options: Any) -> Iterator[Reader]:
    """A signed-in marketer, who must see no error and cause no request to another host."""
    user = User.objects.create_user(f"mara{width}", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_reports"))
    client = Client()
    client.force_login(user)
    context = chromium.new_context(viewport={"width": width, "height": 800}, locale="en-US", **options)
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": address}])
    reader = Reader(context.new_page(), address)
    yield reader
    # A refresh still under way would meet the emptying of the tables.
    reader.page.locator("#pause[aria-pressed=false]").click()
    reader.page.wait_for_load_state("networkidle")
    context.close()
    assert reader.complaints == []
    assert reader.elsewhere == []


@pytest.fixture
def reader(chromium: Browser, live_server: Any) -> Iterator[Reader]:
    with reading(chromium, live_server.url, timezone_id="Europe/Berlin") as one:
        yield one


def recent(events: Iterable[Event]) -> Iterator[Event]:
    """The events, as if they had just happened."""
    moment = clock.now() - timedelta(minutes=1)
    for event in events:
        fields = {name: getattr(event, name) for name in Event.__slots__}
        yield make_event(**{**fields, "happened_at": moment})


def happen(*events: Event) -> None:
    """What the recorder does with hits: into the log, and the rollups a moment later."""
    with transaction.atomic():
        log.append(recent(events))
    rollups.advance()
