"""Snippets through the API, and in mail (contract 95 §2, 40 §11)."""

from typing import Any

import pytest

from tests.api import Api, fault_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> Api:
    return Api()


def make_snippet(**changes: Any) -> dict[str, Any]:
    body = {"id": "foot", "content": {"html": "<hr>{{y}}", "text": "(c) {{y}}"}, **changes}
    return {key: value for key, value in body.items() if value is not None}


def test_a_snippet_is_stored_shown_listed_and_removed(api: Api) -> None:
    created = api.post("snippets", make_snippet(name="Footer"))
    assert (created.status_code, created.json()) == (200, {"results": {"id": "foot"}})
    shown = api.get("snippets/foot").json()["results"]
    assert shown.pop("created_at") == shown.pop("updated_at")
    assert shown == {
        "id": "foot",
        "name": "Footer",
        "shared_with_subaccounts": False,
        "content": {"html": "<hr>{{y}}", "text": "(c) {{y}}"},
    }
    (row,) = api.get("snippets").json()["results"]
    assert "content" not in row
    assert row["shared_with_subaccount"] is row["shared_with_subaccounts"] is False
    assert api.get("snippets", shared_with_subaccounts="true").json()["results"] == []
    assert api.delete("snippets/foot").status_code == 204
    assert fault_of(api.delete("snippets/foot"))[:2] == (404, "1600")
    assert api.post("snippets", make_snippet()).status_code == 200


@pytest.mark.parametrize("path", ["/api/labs/snippets", "/api/v1/labs/snippets/"])
def test_older_addresses_are_the_same(api: Api, path: str) -> None:
    assert api.raw_get(path).json() == {"results": []}


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"id": None}, (422, "1400")),
        ({"id": "x" * 65}, (422, "1300")),
        ({"content": None}, (422, "1400")),
        ({"content": {"html": ""}}, (422, "1400")),
        ({"content": {"html": 5}}, (422, "1300")),
        ({"content": {"text": "x" * (100 * 1024 + 1)}}, (422, "1300")),
        ({"content": {"text": "{{ x"}}, (422, "3000")),
        ({"content": {"text": '{{ render_snippet("a") }}'}}, (422, "3000")),
        ({"content": {"html": "{{ render_dynamic_content(dynamic_html.a) }}"}}, (422, "3000")),
    ],
)
def test_a_faulty_snippet_is_refused(api: Api, changes: dict[str, Any], expected: tuple[int, str]) -> None:
    assert fault_of(api.post("snippets", make_snippet(**changes)))[:2] == expected
    assert api.get("snippets").json()["results"] == []


def test_an_id_is_taken_once(api: Api) -> None:
    api.post("snippets", make_snippet())
    assert fault_of(api.post("snippets", make_snippet()))[:2] == (409, "1602")


def test_a_change_merges_the_content(api: Api) -> None:
    api.post("snippets", make_snippet(name="Footer"))
    changed = api.put("snippets/foot", {"content": {"text": "", "amp_html": "<i></i>"}, "name": None})
    assert changed.json() == {"results": {"id": "foot"}}
    shown = api.get("snippets/foot").json()["results"]
    assert (shown["name"], shown["content"]) == ("Footer", {"html": "<hr>{{y}}", "amp_html": "<i></i>"})
    assert fault_of(api.put("snippets/foot", {"content": {"html": "", "amp_html": ""}}))[:2] == (422, "1400")
    assert fault_of(api.put("snippets/none", {}))[:2] == (404, "1600")


def test_previews_use_snippets(api: Api) -> None:
    api.post("snippets", make_snippet())

    def preview(text: str) -> Any:
        return api.post("utils/content-previewer", {"content": {"text": text}, "substitution_data": {"y": 2031}})

    assert preview('{{ render_snippet("foot") }}').json()["results"] == {"text": "(c) 2031"}
    assert fault_of(preview('{{ render_snippet("nope") }}'))[:2] == (422, "3001")
