"""The Engagement page as a browser without scripts sees it."""

import re
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from momentum.lib import clock
from tests.integration.report_events import NOON, record, worked_example

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/admin/reports/engagement/"
NOW = NOON + timedelta(minutes=30, seconds=5)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def browser() -> Client:
    user = User.objects.create_user("mara", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_reports"))
    client = Client()
    client.force_login(user)
    return client


class Cells(HTMLParser):
    """The texts of a table's rows, cell by cell."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.inside = False

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.rows[-1][-1] += data.strip()


def table(html: str, identifier: str) -> list[list[str]]:
    found = re.search(rf'<table[^>]*id="{identifier}"[^>]*>(.*?)</table>', html, re.DOTALL)
    assert found is not None
    cells = Cells()
    cells.feed(found[1])
    return cells.rows[1:]


def shown(browser: Client, query: str = "") -> str:
    response = browser.get(PAGE, QUERY_STRING=query)
    assert response.status_code == 200
    return response.content.decode()


def test_the_worked_example(browser: Client) -> None:
    record(worked_example())
    html = shown(browser)
    assert [row[:3] for row in table(html, "funnel-table")] == [
        ["Targeted", "3", "100%"],
        ["Accepted", "2", "66.7%"],
        ["Unique Confirmed Opens", "2", "66.7%"],
        ["Unique Clicks", "2", "66.7%"],
    ]
    assert table(html, "links-table") == [
        ["top", "2", "4", "66.7%"],
        ["https://shop.example.com/saleunnamed", "1", "2", "33.3%"],
    ]
    assert "100% of accepted mail opened, 100% clicked" in html
