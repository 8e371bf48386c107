"""A file of many recipients through the running program: uploaded to the web process, read by a worker."""

import re
from collections.abc import Iterator

import pytest
import requests

from tests.program import Program, eventually, running

pytestmark = pytest.mark.program

ROWS = 50_000


@pytest.fixture(scope="module")
def program() -> Iterator[Program]:
    with running() as program:
        yield program


@pytest.fixture
def admin(program: Program) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        page = session.get(f"{program.url}/admin/login/")
        user, password = program.login
        values = {"username": user, "password": password, "csrfmiddlewaretoken": token(page)}
        session.post(page.url, values)
        assert "sessionid" in session.cookies
        yield session


def token(page: requests.Response) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)
    assert found, page.text
    return found[1]


def test_a_file_of_50_000_recipients_becomes_a_list(program: Program, admin: requests.Session) -> None:
    lists = f"{program.url}/admin/transmissions/recipientlist/"
    data = "email,city\n" + "".join(f"reader{n}@example.net,Porto\n" for n in range(ROWS)) + "nobody,Faro\n"
    values = {"key": "many", "csrfmiddlewaretoken": token(admin.get(f"{lists}upload/"))}
    columns = admin.post(f"{lists}upload/", values, files={"file": ("many.csv", data, "text/csv")})
    assert columns.url.endswith("/columns/"), columns.text
    chosen = {"target-0": "email", "target-1": "substitution_key", "key-1": "city"}
    result = admin.post(columns.url, chosen | {"csrfmiddlewaretoken": token(columns)})
    eventually(lambda: "Some rows were refused" in admin.get(f"{result.url}progress/").text, timeout=60)
    assert f"{ROWS + 2},nobody," in admin.get(f"{result.url}faults.csv").text
    key = {"Authorization": program.api_key}
    shown = admin.get(f"{program.url}/api/v1/recipient-lists/many?show_recipients=true", headers=key).json()[
        "results"
    ]
    assert shown["total_accepted_recipients"] == len(shown["recipients"]) == ROWS
    assert shown["recipients"][-1] == {
        "address": {"email": f"reader{ROWS - 1}@example.net"},
        "substitution_data": {"city": "Porto"},
    }
    assert list((program.home / "uploads").iterdir()) == []
