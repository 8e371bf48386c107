"""The pages of recipient lists, as people with different roles meet them."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.integration.test_recipient_lists_api import make_transmission
from transmissions import list_pages
from transmissions.actions import lists
from transmissions.models import ImportFault, ListImport, RecipientList
from transmissions.pipeline import importing

pytestmark = pytest.mark.django_db

LISTS = "/admin/transmissions/recipientlist/"
EVERYTHING = ("view", "add", "change", "delete")


@pytest.fixture(autouse=True)
def _folder(settings: Any, tmp_path: Path) -> None:
    settings.UPLOAD_FOLDER = tmp_path / "uploads"


def person(*verbs: str, **client: Any) -> Client:
    """Somebody who is signed in and may do `verbs` with recipient lists."""
    user = User.objects.create_user(f"user{User.objects.count()}", password="x", is_staff=True)
    codenames = [f"{verb}_recipientlist" for verb in verbs]
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    browser = Client(**client)
    browser.force_login(user)
    return browser


@pytest.fixture
def marketer() -> Client:
    return person(*EVERYTHING)


def make_list(key: str = "readers", count: int = 2, **more: Any) -> RecipientList:
    recipients = [{"address": {"email": f"r{n}@example.net", "name": f"Reader {n}"}} for n in range(count)]
    lists.create(msgspec.json.encode({"id": key, "recipients": recipients, **more}), None)
    return RecipientList.objects.get(key=key)


def text(answer: HttpResponse) -> str:
    return answer.getvalue().decode()


def upload(
    browser: Client, data: bytes, path: str = "upload/", called: str = "readers.csv", **fields: str
) -> HttpResponse:
    return browser.post(LISTS + path, {"file": SimpleUploadedFile(called, data), **fields})


def test_from_the_file_to_the_list(marketer: Client) -> None:
    data = b"Email;First name;age\r\nines@example.net;In\xc3\xaas;7\r\nnobody;<b>;8\r\n"
    answer = upload(marketer, data, called="Spring.csv", key="spring", description="d")
    begun = ListImport.objects.get()
    assert answer["Location"] == f"{LISTS}imports/{begun.pk}/columns/"
    page = text(marketer.get(answer["Location"]))
    for words in ("First name", "Inês", "&lt;b&gt;", "semicolons", 'value="first_name"'):
        assert words in page
    assert "<b>;" not in page
    chosen = {"target-0": "email", "target-1": "substitution_key", "key-1": "first", "target-2": "ignored"}
    preview = text(marketer.post(f"{LISTS}imports/{begun.pk}/preview/", chosen))
    assert "ines@example.net" in preview
    assert "Refused: <code>invalid recipient address.email: nobody</code>" in preview
    answer = marketer.post(f"{LISTS}imports/{begun.pk}/columns/", chosen)
    assert answer["Location"] == f"{LISTS}imports/{begun.pk}/"
    assert 'hx-trigger="every 1s"' in text(marketer.get(answer["Location"]))
    assert "Waiting for a worker" in text(marketer.get(answer["Location"] + "progress/"))
    assert importing.import_due()
    fragment = text(marketer.get(answer["Location"] + "progress/"))
    assert "hx-trigger" not in fragment
    assert "<html" not in fragment
    assert "invalid recipient address.email: nobody" in fragment
    stored = RecipientList.objects.get()
    assert (stored.key, stored.name, stored.description, stored.size) == ("spring", "spring", "d", 1)
    assert f"{LISTS}{stored.pk}/change/" in fragment
    faults = text(marketer.get(answer["Location"] + "faults.csv"))
    assert list(csv.reader(io.StringIO(faults.removeprefix("\ufeff")))) == [
        ["line", "value", "reason"],
        ["3", "nobody", "invalid recipient address.email: nobody"],
    ]


@pytest.mark.parametrize(
    "data, fields, words",
    [
        (b"", {}, "The file is empty."),
        (b"PK\x03\x04...", {}, "Excel workbook"),
        ("email\nJosé".encode("latin-1"), {}, "Line 2 is not UTF-8"),
        (b"a@b.test\n", {}, "has to name the columns"),
        (b"email\na@b.test\n", {"key": "readers"}, "already exists"),
        (b"email\na@b.test\n", {"key": "rcptlist_x"}, "cannot start with"),
        (b"email\na@b.test\n", {"name": "é" * 33}, "longer than 64 bytes"),
        (b"email\na@b.test\n", {"name": "x" * 65}, "at most 64 characters"),
        (b"email\na@b.test\n", {"key": "a\0b"}, "Null characters"),
    ],
)
def test_a_refused_upload_says_why_and_leaves_nothing(
    marketer: Client, data: bytes, fields: dict[str, str], words: str
) -> None:
    make_list()
    answer = upload(marketer, data, **fields)
    assert answer.status_code == 422
    assert words in text(answer)
    assert not ListImport.objects.exists()
    assert list(settings.UPLOAD_FOLDER.iterdir()) == []


def test_an_upload_without_a_file_and_one_that_is_too_large(marketer: Client, settings: Any) -> None:
    assert "Choose a file." in text(marketer.post(LISTS + "upload/", {"name": "x"}))
    settings.UPLOAD_MAX_BYTES = 1024 * 1024
    over = b"email\n" + b"a@b.test\n" * 120_000
    assert "larger than 1 MB" in text(upload(marketer, over))
    settings.UPLOAD_MAX_BYTES = 1
    announced = upload(marketer, b"x" * (1024 * 1024 + 2))
    assert announced.status_code == 413
    assert list(settings.UPLOAD_FOLDER.iterdir()) == []


def test_a_mapping_without_address_is_sent_back_with_what_was_chosen(marketer: Client) -> None:
    upload(marketer, b"email,city\na@b.test,Faro\n")
    address = f"{LISTS}imports/{ListImport.objects.get().pk}/columns/"
    answer = marketer.post(address, {"target-0": "nonsense", "target-1": "metadata_key", "key-1": "town"})
    assert answer.status_code == 422
    assert "Choose the column that holds the email address." in text(answer)
    assert 'value="town"' in text(answer)
    assert ListImport.objects.get().state == "uploaded"


def test_the_recipients_of_a_list_are_replaced(marketer: Client) -> None:
    stored = make_list(count=3)
    page = text(marketer.get(f"{LISTS}{stored.pk}/upload/"))
    assert "The 3 recipients of" in page
    assert 'name="key"' not in page
    answer = upload(marketer, b"email\nnew@example.net\n", f"{stored.pk}/upload/", key="other")
    marketer.post(answer["Location"], {"target-0": "email"})
    assert importing.import_due()
    stored.refresh_from_db()
    assert stored.size == 1
    assert RecipientList.objects.count() == 1


def test_a_list_in_use_is_not_replaced_and_not_deleted(marketer: Client) -> None:
    stored = make_list()
    make_transmission("Generating")
    words = "List &#x27;readers&#x27; is in use by msg generation"
    assert words in text(marketer.get(f"{LISTS}{stored.pk}/upload/"))
    assert words in text(upload(marketer, b"email\na@b.test\n", f"{stored.pk}/upload/"))
    assert words in text(marketer.post(f"{LISTS}{stored.pk}/delete/", {"post": "yes"}, follow=True))
    assert RecipientList.objects.exists()


def test_a_list_is_deleted_after_a_confirmation_that_loads_no_recipients(marketer: Client) -> None:
    stored = make_list("a/b", 1000)
    with CaptureQueriesContext(connection) as queries:
        page = text(marketer.get(f"{LISTS}{stored.pk}/delete/"))
    assert "a/b" in page
    assert "listchunk" not in "".join(query["sql"] for query in queries)
    marketer.post(f"{LISTS}{stored.pk}/delete/", {"post": "yes"})
    assert not RecipientList.objects.exists()


def test_the_table_of_lists_searches_sorts_and_pages(marketer: Client) -> None:
    for number in range(30):
        make_list(f"list-{number:02}", name=f"Name {number}", description="<i>d</i>", count=number + 1)
    page = text(marketer.get(LISTS))
    assert page.count("Name ") == 25
    assert "&lt;i&gt;d&lt;/i&gt;" in page
    assert "Upload CSV" in page
    assert "delete_selected" not in page
    largest = text(marketer.get(LISTS, {"o": "-3"}))
    assert largest.index("list-29") < largest.index("list-28")
    found = text(marketer.get(LISTS, {"q": "list-07"}))
    assert "Name 7" in found
    assert "Name 8" not in found


def test_the_page_of_a_list_shows_and_searches_recipients(marketer: Client) -> None:
    stored = make_list(count=1234)
    address = f"{LISTS}{stored.pk}/change/"
    page = text(marketer.get(address))
    assert "r49@example.net" in page
    assert "r50@example.net" not in page
    last = text(marketer.get(address, {"page": "25"}))
    assert "r1200@example.net" in last
    assert ">1,201<" in last
    assert "Next" not in last.split('aria-label="Pages of recipients"')[1]
    assert "r1001@example.net" in text(marketer.get(address, {"q": "R1001@"}))
    assert "No address holds “&lt;x&gt;”" in text(marketer.get(address, {"q": "<x>"}))
    for odd in ("0", "-1", "x", "9999999", "99999999999", "²"):
        assert marketer.get(address, {"page": odd}).status_code == 200
    assert marketer.get(address, {"q": "a\0b"}).status_code == 200


@pytest.mark.parametrize("first", [0, 49, 450, 499, 500, 501, 999, 1000])
def test_pages_hold_every_recipient_once_across_chunks(first: int) -> None:
    stored = make_list(count=1001)
    stored.chunks.filter(position=1).update(size=500)
    rows = list(list_pages._from(stored, first))
    assert [place for place, _ in rows] == list(range(first + 1, 1002))
    assert [one.email for _, one in rows] == [f"r{n}@example.net" for n in range(first, 1001)]


def test_search_finds_addresses_only_and_in_any_case(marketer: Client) -> None:
    recipients = [
        {"address": {"email": "Ines.Ü@example.net", "name": "omar@other.test"}},
        {"address": 'omar"quoted@example.net'},
        {"address": '"o q"@example.net'},
    ]
    stored = make_list(count=0, recipients=recipients)

    def places(searched: str) -> list[int]:
        return [place for place, _ in list_pages.found(stored, searched, 1).rows]

    assert places("INES.ü") == [1]
    assert places("other.test") == []
    assert places('"O Q"') == [2]


def test_a_list_is_renamed_within_the_limits_and_nothing_else_changes(marketer: Client) -> None:
    stored = make_list(description="old", attributes={"a": 1})
    address = f"{LISTS}{stored.pk}/change/"
    assert "longer than 64 bytes" in text(marketer.post(address, {"name": "é" * 33, "description": ""}))
    RecipientList.objects.filter(pk=stored.pk).update(size=5)
    marketer.post(address, {"name": "New", "description": "", "key": "other", "size": "9"})
    stored.refresh_from_db()
    assert (stored.name, stored.description, stored.key, stored.size) == ("New", "", "readers", 5)
    assert stored.attributes == '{"a":1}'


def test_the_download_can_be_uploaded_again_and_runs_nowhere(marketer: Client) -> None:
    recipients = [
        {"address": {"email": "=1+1@example.net", "name": "@SUM(A1)"}, "metadata": {"a": [1]}, "tags": ["x"]},
        {"address": "ines@example.net", "return_path": "-b@example.net"},
    ]
    stored = make_list("weird/ü", recipients=recipients)
    answer = marketer.get(f"{LISTS}{stored.pk}/download/")
    assert answer.streaming
    assert "weird_%C3%BC.csv" in answer["Content-Disposition"]
    body = text(answer)
    rows = list(csv.reader(io.StringIO(body.removeprefix("\ufeff"))))
    assert rows == [
        ["email", "name", "return_path", "metadata", "tags", "substitution_data", "consent"],
        ["'=1+1@example.net", "'@SUM(A1)", "", '{"a":[1]}', '["x"]', "", ""],
        ["ines@example.net", "", "'-b@example.net", "", "", "", ""],
    ]
    columns = upload(marketer, body.encode(), key="copy")["Location"]
    guessed = {f"target-{index}": name for index, name in enumerate(rows[0])}
    marketer.post(columns, guessed)
    assert importing.import_due()
    copy = RecipientList.objects.get(key="copy")
    assert list_pages.page(copy, 1).rows == list_pages.page(stored, 1).rows


def test_faults_are_paged_and_neutralised(marketer: Client) -> None:
    columns = upload(marketer, b"email\na@b.test\n" + b"=cmd()\n" * 60)["Location"]
    marketer.post(columns, {"target-0": "email"})
    assert importing.import_due()
    result = columns.replace("columns/", "")
    assert "Page 1 of 3" in text(marketer.get(result))
    assert "Page 3 of 3" in text(marketer.get(result, {"page": "3"}))
    assert "3,'=cmd()," in text(marketer.get(result + "faults.csv"))
    ImportFault.objects.filter(line__gt=10).delete()
    assert "The first 8 of 60 are kept." in text(marketer.get(result))


def test_an_import_is_discarded_or_tried_again(marketer: Client) -> None:
    stored = make_list()
    columns = upload(marketer, b"email\na@b.test\n", f"{stored.pk}/upload/")["Location"]
    marketer.post(columns, {"target-0": "email"})
    transmission = make_transmission("Generating")
    assert importing.import_due()
    result = columns.replace("columns/", "")
    assert "Try again" in text(marketer.get(result))
    transmission.delete()
    marketer.post(result + "again/")
    assert importing.import_due()
    assert "All rows are in the list." in text(marketer.get(result))
    assert marketer.get(result + "discard/").status_code == 405
    marketer.post(result + "discard/")
    assert marketer.get(result).status_code == 404
    assert RecipientList.objects.get().size == 1


def pages(list_pk: int, import_pk: int) -> Iterator[tuple[str, str, set[str]]]:
    """Method, page, and the permissions any one of which is enough beside "view"."""
    yield "get", "", {"view"}
    yield "get", f"{list_pk}/change/", {"view"}
    yield "get", f"{list_pk}/download/", {"view"}
    yield "get", f"{list_pk}/delete/", {"delete"}
    yield "get", "upload/", {"add"}
    yield "post", "upload/", {"add"}
    yield "get", f"{list_pk}/upload/", {"change"}
    yield "get", f"imports/{import_pk}/columns/", {"add"}
    yield "post", f"imports/{import_pk}/preview/", {"add"}
    yield "get", f"imports/{import_pk}/progress/", {"view"}
    yield "get", f"imports/{import_pk}/faults.csv", {"view"}
    yield "post", f"imports/{import_pk}/again/", {"add"}
    yield "post", f"imports/{import_pk}/discard/", {"add"}


def test_each_page_asks_for_its_permission() -> None:
    stored = make_list()
    upload(person("add", "view"), b"email\na@b.test\n", key="x")
    people = {verb: person("view", verb) for verb in EVERYTHING} | {"nobody": person()}
    for method, page, needed in pages(stored.pk, ListImport.objects.get().pk):
        for who, browser in people.items():
            allowed = who in needed or (needed == {"view"} and who != "nobody")
            if page.endswith("discard/") and allowed:
                continue
            status = getattr(browser, method)(LISTS + page).status_code
            assert (status != 403) is allowed, (method, page, who, status)
            assert status < 500
        assert Client().get(LISTS + page)["Location"].startswith("/admin/login/")


def test_uploads_are_protected_against_forgery() -> None:
    browser = person(*EVERYTHING, enforce_csrf_checks=True)
    answer = upload(browser, b"email\na@b.test\n")
    assert answer.status_code == 403
    assert not ListImport.objects.exists()
    assert list(settings.UPLOAD_FOLDER.iterdir()) == []
    browser.get(LISTS + "upload/")
    token = browser.cookies["csrftoken"].value
    assert upload(browser, b"email\na@b.test\n", csrfmiddlewaretoken=token).status_code == 302


def test_only_known_names_are_routed() -> None:
    assert reverse("admin:transmissions_recipientlist_upload") == LISTS + "upload/"
    assert person(*EVERYTHING).get(LISTS + "add/")["Location"] == LISTS + "upload/"
