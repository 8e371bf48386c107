"""From a file to a list and back, on a desk and on a telephone, by day and by night."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Browser, Page, expect

from transmissions.actions import lists
from transmissions.models import ListImport, RecipientList
from transmissions.pipeline import import_claim, importing

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PASSWORD = "a long enough secret"
LISTS = "/admin/transmissions/recipientlist/"


@pytest.fixture(autouse=True)
def _quick_passwords_and_a_folder(settings: Any, tmp_path: Path) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.UPLOAD_FOLDER = tmp_path / "uploads"


@pytest.fixture(params=[(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")], ids=str)
def page(request: Any, chromium: Browser, live_server: Any) -> Iterator[Page]:
    """A page of a signed-in administrator; at its end no script may have failed."""
    width, scheme = request.param
    User.objects.create_superuser("ada", password=PASSWORD)
    context = chromium.new_context(
        base_url=live_server.url, viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    opened = context.new_page()
    failures: list[str] = []
    opened.on("pageerror", lambda error: failures.append(str(error)))
    opened.goto(f"/admin/login/?next={LISTS}")
    opened.fill("#id_username", "ada")
    opened.fill("#id_password", PASSWORD)
    opened.press("#id_password", "Enter")
    opened.wait_for_url(f"**{LISTS}")
    yield opened
    assert failures == []
    context.close()


def fits(page: Page) -> None:
    """Nothing may stick out of the window."""
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0


def a_file(rows: int) -> bytes:
    lines = ["Kontakt;First name;Age;metadata"]
    lines += [f'reader{n}@example.net;Reader {n};{n % 90};"{{""uid"": {n}}}"' for n in range(rows)]
    return "\n".join([*lines, "nobody;<b>x</b>;;", "a@b.test;Ines;;[1]", ""]).encode()


def test_a_file_is_mapped_imported_and_found_in_its_list(page: Page) -> None:
    page.goto(LISTS + "upload/")
    page.fill("#id_name", "Spring readers")
    page.set_input_files("#id_file", {"name": "spring.csv", "mimeType": "text/csv", "buffer": a_file(12_000)})
    fits(page)
    page.get_by_role("button", name="Upload", exact=True).click()
    page.wait_for_url("**/columns/")
    # Guessed by what it holds, since its name says nothing.
    expect(page.locator("[name=target-0]")).to_have_value("email")
    expect(page.locator("[name=target-3]")).to_have_value("metadata")
    expect(page.locator("[name=key-1]")).to_be_hidden()
    page.select_option("[name=target-1]", "substitution_key")
    expect(page.locator("[name=key-1]")).to_be_visible()
    page.fill("[name=key-1]", "first")
    page.wait_for_selector('#preview :text(\'"first":"Reader 0"\')')
    fits(page)
    page.get_by_role("button", name="Import").click()
    page.wait_for_url("**/imports/*/")
    expect(page.get_by_text("Waiting for a worker")).to_be_visible()
    claimed = import_claim.claim()
    assert claimed is not None
    import_claim.keep(claimed, next(importing._unread(claimed)))
    # Without a reload.
    expect(page.get_by_text("5,000", exact=True)).to_be_visible()
    fits(page)
    import_claim.give_back(claimed)
    assert importing.import_due()
    expect(page.get_by_text("Some rows were refused; all others are in the list.")).to_be_visible()
    expect(page.get_by_text("metadata is not a JSON object")).to_be_visible()
    fits(page)
    page.get_by_role("link", name="Open Spring readers").click()
    expect(page.get_by_text("12,000 recipients")).to_be_visible()
    fits(page)
    page.get_by_label("Search recipients by address").fill("READER11999@")
    page.get_by_label("Search recipients by address").press("Enter")
    expect(page.get_by_text("reader11999@example.net")).to_be_visible()
    expect(page.get_by_text("first: Reader 11999")).to_be_visible()


def test_refusals_are_shown_in_the_form(page: Page, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 1024 * 1024
    page.goto(LISTS + "upload/")
    page.set_input_files("#id_file", {"name": "x.csv", "mimeType": "text/csv", "buffer": b"x" * (1024 * 1024 + 1)})
    expect(page.get_by_text("The file is larger than 1 MB.")).to_be_visible()
    page.get_by_role("button", name="Upload", exact=True).click()
    assert not ListImport.objects.exists()
    page.set_input_files(
        "#id_file", {"name": "x.csv", "mimeType": "text/csv", "buffer": "email\nJosé".encode("latin-1")}
    )
    expect(page.get_by_text("The file is larger than 1 MB.")).to_be_hidden()
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.get_by_text("Line 2 is not UTF-8")).to_be_visible()
    fits(page)


def test_lists_are_found_downloaded_and_deleted(page: Page) -> None:
    for name in ("Spring", "Autumn"):
        recipients = [{"address": "ines@example.net"}, {"address": "omar@example.net"}]
        body = {"id": name.lower(), "name": name, "description": f"Readers of {name}", "recipients": recipients}
        lists.create(msgspec.json.encode(body), None)
    page.goto(LISTS)
    expect(page.get_by_text("Readers of Autumn")).to_be_visible()
    fits(page)
    page.goto(LISTS + "?q=spring")
    expect(page.get_by_text("Readers of Autumn")).to_be_hidden()
    page.get_by_role("link", name="Spring", exact=True).click()
    page.wait_for_url("**/change/**")
    fits(page)
    if page.get_by_text("more_horiz").is_visible():
        page.get_by_text("more_horiz").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download CSV").click()
    assert download.value.suggested_filename == "spring.csv"
    page.goto(f"{LISTS}{RecipientList.objects.get(key='spring').pk}/delete/")
    fits(page)
    page.get_by_role("button", name="Yes, I’m sure").click()
    page.wait_for_url(f"**{LISTS}")
    assert list(RecipientList.objects.values_list("key", flat=True)) == ["autumn"]
