"""The click map: places of links from rendering, figures from the event log."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from momentum.lib import clock
from tests.api import Api, make_transmission
from tests.integration.report_events import make_event, record
from tracking.events import Event, EventType

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/admin/reports/click-map/"
FRAME = f"{PAGE}message/"
URL = "https://shop.test/x"
HTML = (
    "<!doctype html><html><body><script>alert(1)</script><p>{{greeting}} {{first_name}}</p>"
    f'<a href="{URL}" data-msys-linkname="top">one</a> <a href="{URL}">two</a> '
    '{{each items}}<a href="https://shop.test/item?id={{loop_var}}">item</a>{{end}}'
    '<a href="mailto:x@shop.test">write</a><a href="https://shop.test/never">never</a></body></html>'
)


@pytest.fixture
def browser() -> Client:
    user = User.objects.create_user("mara", password="x", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=["view_reports", "view_transmission"]))
    client = Client()
    client.force_login(user)
    return client


def sent(**changes: Any) -> int:
    content = {
        "from": "news@mail.example.org",
        "subject": "News for {{first_name}}",
        "html": HTML,
        "text": f"Hello {{{{first_name}}}}, see {URL} <now>",
    }
    recipient = {"address": "ines@example.net", "substitution_data": {"first_name": "Ines"}}
    body = make_transmission(
        content=content,
        recipients=[recipient],
        substitution_data={"greeting": "Olá", "items": [1, 2]},
        **changes,
    )
    answer = Api().post("transmissions", body)
    assert answer.status_code == 200, answer.content
    return int(answer.json()["results"]["id"])


def click(transmission: int, message: int, position: int, label: str, part: str = "html", **changes: Any) -> Event:
    return make_event(
        type=EventType.CLICK,
        transmission=transmission,
        message=message,
        link_label=label,
        happened_at=clock.now() - timedelta(minutes=1),
        data={"link": {"part": part, "position": position}},
        **changes,
    )


def clicks(transmission: int) -> list[Event]:
    return [
        *(click(transmission, message, 1, "top") for message in (1, 1, 2)),
        click(transmission, 1, 2, URL),
        click(transmission, 3, 2, URL, traffic="scanner"),
        *(click(transmission, message, 3, "https://shop.test/item") for message in (1, 2)),
        click(transmission, 1, 1, URL, part="text"),
        make_event(
            type=EventType.CLICK,
            transmission=transmission,
            message=9,
            link_label="top",
            happened_at=clock.now() - timedelta(minutes=1),
        ),
    ]


def rows(response: Any) -> list[tuple[Any, ...]]:
    return [
        tuple(row[name] for name in ("part", "position", "label", "clicks", "messages", "share"))
        for row in response.context["rows"]
    ]


def test_two_links_to_one_url_count_apart(browser: Client) -> None:
    record(clicks(sent()))
    response = browser.get(PAGE)
    assert rows(response) == [
        ("HTML", 1, "top", "3", "2", "33.3%"),
        ("HTML", 2, URL, "2", "2", "22.2%"),
        ("HTML", 3, "https://shop.test/item", "2", "2", "22.2%"),
        ("HTML", 4, "https://shop.test/never", "0", "0", "0.0%"),
        ("Text", 1, URL, "1", "1", "11.1%"),
        ("Not recorded", "", "top", "1", "1", "11.1%"),
    ]
    assert response.context["message"].subject == "News for Ines"
    assert [(piece["text"], piece["badge"]) for piece in response.context["text"]] == [
        (f"Hello Ines, see {URL}", "1 · 11.1%"),
        (" <now>", ""),
    ]
    assert "&lt;now&gt;" in response.content.decode()
    people = browser.get(PAGE, QUERY_STRING="hits=people")
    assert rows(people)[1] == ("HTML", 2, URL, "1", "1", "12.5%")


def test_each_row_leads_to_its_recipients(browser: Client) -> None:
    record(clicks(sent()))
    query = browser.get(PAGE, QUERY_STRING="period=24h").context["rows"][4]["query"]
    assert query == "period=24h&" + urlencode({"who": "clicked", "link": URL, "part": "text"})
    assert browser.get("/admin/reports/recipients/", QUERY_STRING=query).context["count"] == "1"


def test_the_frame_shows_the_message_and_runs_nothing(browser: Client) -> None:
    record(clicks(sent()))
    response = browser.get(FRAME)
    html = response.content.decode()
    assert html.startswith("<!doctype html><style>")
    assert "Olá Ines" in html
    assert html.count('href="#momentum-2"') == 2
    assert "a[href='#momentum-0']::after{content:'3 · 33.3%'" in html
    assert 'href="mailto:x@shop.test"' in html
    policy = response["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "allow-scripts" not in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert b"<iframe" in browser.get(PAGE).content


def test_contents_are_told_apart(browser: Client) -> None:
    first, second = sent(campaign_id="one"), sent(campaign_id="two")
    record([*clicks(first), click(second, 50, 1, "top", campaign_id="two")])
    response = browser.get(PAGE)
    contents = response.context["contents"]
    assert [(entry["clicks"], entry["chosen"]) for entry in contents] == [
        ("9", True),
        ("1", False),
    ]
    other = browser.get(PAGE, QUERY_STRING=response.context["contents"][1]["query"])
    assert rows(other)[0] == ("HTML", 1, "top", "1", "1", "100.0%")
    assert [row["query"] for row in response.context["widths"]][1].endswith("width=mobile")
    filtered = browser.get(PAGE, QUERY_STRING="campaigns=two")
    assert len(filtered.context["contents"]) == 1


def test_versions_of_a_template_are_one_content_whoever_sent_it(browser: Client) -> None:
    template = {"template_id": "welcome", "campaign_id": ""}
    record(
        [
            make_event(
                type=EventType.CLICK,
                link_label="top",
                transmission=number,
                message=number,
                happened_at=clock.now() - timedelta(minutes=1),
                data={"template_version": version, "link": {"part": "html", "position": 1}},
                **template,
            )
            for number, version in ((1, "1"), (2, "1"), (3, "2"))
        ]
    )
    response = browser.get(PAGE)
    assert [entry["label"] for entry in response.context["contents"]] == [
        "welcome, version 1",
        "welcome, version 2",
    ]
    assert "no longer kept" in response.content.decode()
    assert rows(response) == [("HTML", 1, "top", "2", "2", "100.0%")]
    assert browser.get(FRAME).status_code == 404


def test_nothing_clicked_nonsense_and_no_permission(browser: Client) -> None:
    assert "No clicks to report" in browser.get(PAGE).content.decode()
    assert browser.get(FRAME).status_code == 404
    transmission = sent()
    record(clicks(transmission))
    for query in ("content=%00", "content=transmission:x&width=wide", "period=custom&from=x"):
        assert browser.get(PAGE, QUERY_STRING=query).status_code == 200
    assert browser.post(PAGE).status_code == 405
    for codename in ("view_reports", "view_transmission"):
        user = User.objects.create_user(codename, password="x", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename=codename))
        client = Client()
        client.force_login(user)
        assert client.get(PAGE).status_code == client.get(FRAME).status_code == 403
