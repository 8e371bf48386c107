"""The report pages as a browser without scripts sees them."""

import csv
import io
import re
from html.parser import HTMLParser

from django.contrib.auth.models import Permission, User
from django.test import Client


def signed_in() -> Client:
    """A marketer's browser."""
    user = User.objects.create_user("mara", password="x", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_reports"))
    client = Client()
    client.force_login(user)
    return client


class _Cells(HTMLParser):
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
    """The texts of a table's rows, cell by cell, without its head."""
    found = re.search(rf'<table[^>]*id="{identifier}"[^>]*>(.*?)</table>', html, re.DOTALL)
    assert found is not None, identifier
    cells = _Cells()
    cells.feed(found[1])
    return cells.rows[1:]


def heads(html: str) -> dict[str, str]:
    """The figures at the head of a page, by measure."""
    found = re.findall(r'<div id="head-(\w+)"[^>]*>.*?<dd[^>]*>(.*?)</dd>', html, re.DOTALL)
    return {name: " ".join(re.sub(r"<[^>]*>", " ", text).split()) for name, text in found}


def saved(client: Client, address: str, query: str = "") -> tuple[str, list[list[str]]]:
    """The name and the rows of a CSV file."""
    response = client.get(address, QUERY_STRING=query)
    assert response.status_code == 200
    assert response.streaming
    text = response.getvalue().decode()
    assert text.startswith("\ufeff")
    name = response["Content-Disposition"].partition("filename=")[2].strip('"')
    return name, list(csv.reader(io.StringIO(text[1:], newline="")))
