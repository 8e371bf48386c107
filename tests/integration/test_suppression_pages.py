"""The suppression list in the admin, by Django's client."""

import csv
import io
import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts import roles
from momentum.lib import clock
from transmissions.models import Suppression
from transmissions.suppression import store
from transmissions.suppression.store import Entry, Key

pytestmark = pytest.mark.django_db

LIST = "/admin/transmissions/suppression/"
ADD, EXPORT = f"{LIST}add/", f"{LIST}export/"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def signed_in(role: str | None) -> Client:
    user = User.objects.create_user(str(role), password="x", is_staff=True)
    if role:
        user.groups.add(Group.objects.get(name=role))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def operator() -> Client:
    return signed_in(roles.OPERATOR)


def suppress(
    recipient: str, kind: str = "non_transactional", source: str = "Manually Added", text: str = ""
) -> int:
    if source == "Compliance":
        now = clock.now()
        made = Suppression.objects.create(
            recipient=recipient, type=kind, source=source, created_at=now, updated_at=now, domain="example.net"
        )
        return made.pk
    store.note({Key(recipient, kind): Entry(source, text)})
    return Suppression.objects.get(recipient=recipient, type=kind).pk


def add(client: Client, lines: str = "", **changes: Any) -> Any:
    form = {"lines": lines, "types": ["non_transactional"], "list_id": "", "description": "", **changes}
    return client.post(ADD, form)


def stored() -> set[tuple[str, ...]]:
    return set(Suppression.objects.values_list("recipient", "type", "list_id", "source", "description"))


def shown(client: Client, **query: str) -> list[str]:
    answer = client.get(LIST, query)
    assert answer.status_code == 200
    return [entry.recipient for entry in answer.context["cl"].result_list]


def test_one_address_and_many_are_added_by_the_same_form(operator: Client) -> None:
    answer = add(
        operator,
        "Ines@example.net\nbo@example.net,transactional",
        types=["transactional", "non_transactional"],
        list_id="News.a",
        description="asked",
    )
    assert answer.status_code == 302
    assert stored() == {
        ("ines@example.net", "transactional", "news.a", "Manually Added", "asked"),
        ("ines@example.net", "non_transactional", "news.a", "Manually Added", "asked"),
        ("bo@example.net", "transactional", "news.a", "Manually Added", "asked"),
    }
    assert "3 entries written." in operator.get(answer["Location"]).content.decode()


def test_refused_lines_are_named_and_come_back(operator: Client) -> None:
    page = add(operator, "ines@example.net\nno<body>\nbo@example.net,x").content.decode()
    assert len(stored()) == 1
    assert "2 lines refused" in page
    assert "no&lt;body&gt;" in page
    assert "no<body>" not in page
    assert re.search(r">\s*no&lt;body&gt;\nbo@example.net,x\s*</textarea>", page)


def test_a_file_is_read(operator: Client) -> None:
    content = "email;type\ngone@example.net;transactional\n"
    add(operator, file=SimpleUploadedFile("gone.csv", content.encode("utf-8-sig"), "text/csv"))
    assert stored() == {("gone@example.net", "transactional", "", "Manually Added", "")}


@pytest.mark.parametrize(
    "changes, said",
    [
        ({}, "Enter an address, or choose a file."),
        ({"lines": "a@b.test", "types": []}, "This field is required."),
        ({"lines": "a@b.test", "types": ["x"]}, "x is not one of the available choices"),
        ({"lines": "a@b.test", "list_id": "a..b"}, "single dots inside"),
        ({"file": SimpleUploadedFile("a.csv", b"\xff\xfe")}, "The file is not UTF-8."),
    ],
)
def test_a_form_that_says_too_little_is_shown_again(operator: Client, changes: dict[str, Any], said: str) -> None:
    answer = add(operator, **changes)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert stored() == set()


def test_a_hundred_thousand_lines(operator: Client) -> None:
    content = "".join(f"r{number}@example.net\n" for number in range(100_000))
    assert add(operator, file=SimpleUploadedFile("all.csv", content.encode())).status_code == 302
    assert Suppression.objects.count() == 100_000
    assert "more than 10,000 entries" in (page := operator.get(LIST).content.decode()) or "about 100" in page


def test_searching_and_filtering(operator: Client) -> None:
    suppress("ines@example.net")
    suppress("inga@other.test", source="Spam Complaint")
    suppress("bo@example.net", "transactional")
    assert shown(operator) == ["bo@example.net", "inga@other.test", "ines@example.net"]
    assert shown(operator, q="In") == ["inga@other.test", "ines@example.net"]
    assert shown(operator, q="ines@example.net") == ["ines@example.net"]
    assert (
        shown(operator, q="@Example.net")
        == shown(operator, q="example.net")
        == ["bo@example.net", "ines@example.net"]
    )
    assert shown(operator, q="xample") == []
    assert shown(operator, q="in_s%") == []
    assert shown(operator, type__exact="transactional") == ["bo@example.net"]
    assert shown(operator, source__exact="Spam Complaint") == ["inga@other.test"]
    assert operator.get(LIST, {"q": "nul\0"}).status_code in (200, 302)


def test_pages_need_no_count(operator: Client) -> None:
    store.note(
        {Key(f"r{number:03}@example.net", "transactional"): Entry("Manually Added") for number in range(120)}
    )
    first, third = operator.get(LIST), operator.get(LIST, {"p": "3"})
    assert (len(first.context["cl"].result_list), len(third.context["cl"].result_list)) == (50, 20)
    assert "120 entries" in first.content.decode()
    assert "Select all 9" not in first.content.decode()


def test_an_entry_is_changed_and_removed(operator: Client) -> None:
    key = suppress("ines@example.net", source="Spam Complaint", text="old")
    page = operator.get(f"{LIST}{key}/change/").content.decode()
    assert "Spam Complaint" in page
    assert operator.post(f"{LIST}{key}/change/", {"description": "new", "source": "x"}).status_code == 302
    assert stored() == {("ines@example.net", "non_transactional", "", "Spam Complaint", "new")}
    assert operator.post(f"{LIST}{key}/delete/", {"post": "yes"}).status_code == 302
    assert stored() == set()


def test_chosen_entries_are_removed_but_not_those_of_compliance(operator: Client) -> None:
    chosen = [
        suppress("ines@example.net"),
        suppress("bo@example.net"),
        suppress("legal@example.net", source="Compliance"),
    ]
    form = {"action": "delete_selected", "_selected_action": chosen}
    page = operator.post(LIST, form).content.decode()
    assert "legal@example.net (Compliance)" in page
    operator.post(LIST, form | {"post": "yes"})
    assert "legal@example.net" in {recipient for recipient, *_ in stored()}
    assert operator.post(LIST, {"action": "delete_selected", "_selected_action": chosen[:2]}).status_code == 200
    operator.post(LIST, {"action": "delete_selected", "_selected_action": chosen[:2], "post": "yes"})
    assert [recipient for recipient, *_ in stored()] == ["legal@example.net"]


def test_compliance_entries_cannot_be_touched(operator: Client) -> None:
    key = suppress("legal@example.net", source="Compliance")
    assert operator.post(f"{LIST}{key}/delete/", {"post": "yes"}).status_code == 403
    assert operator.post(f"{LIST}{key}/change/", {"description": "x"}).status_code == 403
    page = add(operator, "legal@example.net\nines@example.net")
    assert "stay as they are" in page.content.decode()
    assert Suppression.objects.get(pk=key).source == "Compliance"
    assert Suppression.objects.filter(recipient="ines@example.net").exists()


def exported(client: Client, **query: str) -> list[list[str]]:
    answer = client.get(EXPORT, query)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"].startswith("attachment;")
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))


def test_the_export_is_what_the_list_shows(operator: Client) -> None:
    suppress("ines@example.net", text="=1+1")
    suppress("bo@other.test", "transactional")
    assert [row[:4] for row in exported(operator)] == [
        ["recipient", "type", "list_id", "description"],
        ["ines@example.net", "non_transactional", "", "'=1+1"],
        ["bo@other.test", "transactional", "", ""],
    ]
    assert [row[0] for row in exported(operator, q="@other.test")] == ["recipient", "bo@other.test"]
    assert [row[0] for row in exported(operator, type__exact="transactional")] == ["recipient", "bo@other.test"]
    assert f"{EXPORT}?q=bo" in operator.get(LIST, {"q": "bo"}).content.decode()


def test_who_may_do_what() -> None:
    key = suppress("ines@example.net")
    marketer, stranger = signed_in(roles.MARKETER), signed_in(None)
    assert (
        marketer.get(LIST).status_code == marketer.get(EXPORT).status_code == marketer.get(ADD).status_code == 200
    )
    assert add(marketer, "bo@example.net").status_code == 302
    assert marketer.post(f"{LIST}{key}/delete/", {"post": "yes"}).status_code == 403
    assert marketer.post(f"{LIST}{key}/change/", {"description": "x"}).status_code == 403
    for page in (LIST, ADD, EXPORT, f"{LIST}{key}/change/"):
        assert stranger.get(page).status_code == 403
    assert add(stranger, "x@example.net").status_code == 403
    assert Client().get(LIST).status_code == 302
    assert len(stored()) == 2
