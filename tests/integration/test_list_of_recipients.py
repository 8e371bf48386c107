"""A recipient list made of those whom a report shows."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from momentum.crossings import recipient_list
from momentum.lib import clock
from reports.drilldown import members
from tests.integration.report_events import NOON, make_event, record
from tracking.events import EventType
from transmissions import list_store
from transmissions.models import RecipientList

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/admin/reports/recipients/make-list/"


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(minutes=30))
    members.forget()


def login(*permissions: str) -> Client:
    user = User.objects.create_user("mara", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def browser() -> Client:
    return login("view_reports", "add_recipientlist", "view_recipientlist")


def click(message: int, address: str, **data: Any) -> Any:
    return make_event(
        type=EventType.CLICK,
        link_label="top",
        message=message,
        rcpt_to=address.lower(),
        data={"raw_rcpt_to": address, **data},
    )


def make(browser: Client, name: str = "Clickers", **query: Any) -> Any:
    return browser.post(f"{PAGE}?{urlencode(query)}", {"name": name})


def stored() -> list[Any]:
    (only,) = RecipientList.objects.all()
    return [one for chunk in list_store.chunks_of(only) for one in chunk]


def test_each_address_once_with_the_data_of_its_latest_message(browser: Client) -> None:
    record(
        [
            make_event(message=1, data={"raw_rcpt_to": "Ines@Example.net", "rcpt_meta": {"uid": 1}}),
            click(1, "Ines@Example.net", rcpt_meta={}),
            click(2, "ines@example.net", rcpt_meta={"uid": 2}, rcpt_tags=["vip"]),
            click(3, "jo@example.net", rcpt_meta={"uid": 3, "list": [1, {"a": None}]}),
            make_event(message=4, rcpt_to="silent@example.net"),
        ]
    )
    answer = make(browser, who="clicked", link="top")
    only = RecipientList.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/admin/transmissions/recipientlist/{only.pk}/change/"
    assert browser.get(answer["Location"]).status_code == 200
    assert (only.name, only.size) == ("Clickers", 2)
    assert [(one.email, one.metadata, one.tags) for one in stored()] == [
        ("jo@example.net", {"uid": 3, "list": [1, {"a": None}]}, ()),
        ("ines@example.net", {"uid": 2}, ("vip",)),
    ]


def test_the_list_holds_what_the_page_shows_and_not_a_page_of_it(browser: Client) -> None:
    record(click(number, f"r{number}@example.net") for number in range(1, 1303))
    page = browser.get("/admin/reports/recipients/", QUERY_STRING="who=clicked")
    assert b'id="make-list"' in page.content
    form = browser.get(f"{PAGE}?{page.context['csv_query']}")
    assert b"1,302 messages" in form.content
    make(browser, who="clicked")
    assert {one.email for one in stored()} == {f"r{number}@example.net" for number in range(1, 1303)}


def test_what_cannot_become_a_list_is_told(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert make(browser, who="clicked").status_code == 422
    record([click(1, "no address at all"), click(2, "a@example.net")])
    assert make(browser, name="x" * 65, who="clicked").status_code == 422
    monkeypatch.setattr(recipient_list, "MOST_MESSAGES", 1)
    assert b"save them as CSV" in make(browser, who="clicked").content
    monkeypatch.undo()
    assert RecipientList.objects.count() == 0


def test_it_needs_both_permissions() -> None:
    record([click(1, "a@example.net")])
    client = login("view_reports")
    assert make(client, who="clicked").status_code == 403
    assert client.get(PAGE).status_code == 403
    page = client.get("/admin/reports/recipients/", QUERY_STRING="who=clicked")
    assert b'id="make-list"' not in page.content
    User.objects.all().delete()
    assert make(login("add_recipientlist"), who="clicked").status_code == 403
    assert RecipientList.objects.count() == 0
