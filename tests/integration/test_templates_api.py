"""Stored templates through the API (contract 20)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from momentum.lib import clock
from tests.api import Api, fault_of, make_transmission
from transmissions.models import Transmission

pytestmark = pytest.mark.django_db


@pytest.fixture
def api() -> Api:
    return Api()


def make_content(**changes: Any) -> dict[str, Any]:
    return {"from": "desk@mail.example.org", "subject": "News for {{name}}", "text": "Hello {{name}}", **changes}


def make_template(**changes: Any) -> dict[str, Any]:
    body = {"id": "spring", "name": "Spring", "content": make_content(), **changes}
    return {key: value for key, value in body.items() if value is not None}


def create(api: Api, **changes: Any) -> str:
    answer = api.post("templates", make_template(**changes))
    assert answer.status_code == 200, answer.content
    return str(answer.json()["results"]["id"])


def shown(api: Api, template_id: str = "spring", **query: Any) -> dict[str, Any]:
    return dict(api.get(f"templates/{template_id}", **query).json()["results"])


def put(api: Api, body: dict[str, Any], query: str = "") -> None:
    answer = api.put(f"templates/spring{query}", body)
    assert (answer.status_code, answer.json()) == (200, {"results": {"id": "spring"}})


def versions(api: Api) -> tuple[str | None, str | None]:
    """The subjects of draft and published version."""
    found = []
    for draft in ("true", "false"):
        answer = api.get("templates/spring", draft=draft)
        found.append(answer.json()["results"]["content"]["subject"] if answer.status_code == 200 else None)
    return found[0], found[1]


def test_a_template_is_returned_as_it_was_given(api: Api) -> None:
    content = make_content(
        **{"from": {"name": "Desk", "email": "desk@mail.example.org"}}, text="a\r\nb\n", html=None
    )
    create(
        api,
        content=content,
        description="For subscribers",
        options={"open_tracking": True, "skip_suppression": True},
    )
    template = shown(api)
    assert template.pop("last_update_time").endswith("+00:00")
    assert template == {
        "id": "spring",
        "name": "Spring",
        "description": "For subscribers",
        "published": False,
        "has_draft": True,
        "has_published": False,
        "shared_with_subaccounts": False,
        "options": {"open_tracking": True},
        "content": {name: value for name, value in content.items() if value is not None},
    }


def test_id_and_name_stand_in_for_each_other(api: Api) -> None:
    assert create(api, id=None).isdecimal()
    create(api, name=None)
    assert shown(api)["name"] == "spring"
    assert fault_of(api.post("templates", make_template(id=None, name=None))) == (
        422,
        "1400",
        "id or name is required",
    )


@pytest.mark.parametrize(
    "changes, expected",
    [
        ({"id": "x" * 65}, (422, "1300")),
        ({"id": "a/b"}, (422, "1300")),
        ({"content": None}, (422, "1400")),
        ({"content": {"text": "x"}}, (422, "1400")),
        ({"content": make_content(email_rfc822="From: a@b.test\n\nx")}, (422, "1301")),
        ({"content": {"email_rfc822": "From: a@b.test\n\nx", "subject": ""}}, (422, "1301")),
        ({"content": make_content(text="x" * (5 * 1024 * 1024 + 1))}, (422, "1300")),
        ({"options": {"open_tracking": "maybe"}}, (422, "1300")),
    ],
)
def test_a_faulty_template_is_refused(api: Api, changes: dict[str, Any], expected: tuple[int, str]) -> None:
    assert fault_of(api.post("templates", make_template(**changes)))[:2] == expected
    assert api.get("templates").json()["results"] == []


def test_a_syntax_error_names_part_and_line_and_nothing_is_stored(api: Api) -> None:
    answer = api.post("templates", make_template(content=make_content(subject="{{ x", html="a\n{{end}}")))
    errors = answer.json()["errors"]
    assert answer.status_code == 422
    assert [(error["code"], error["part"], error["line"]) for error in errors] == [
        ("3000", "Header:Subject", 1),
        ("3000", "html", 2),
    ]
    assert errors[1]["description"] == "Error while compiling part html: line 2: unexpected 'end'"
    assert api.get("templates/spring").status_code == 404


def test_ids_are_taken_once_and_differ_in_case(api: Api) -> None:
    create(api)
    create(api, id="Spring")
    assert fault_of(api.post("templates", make_template()))[:2] == (400, "3030")


def test_draft_and_published_go_by_the_table(api: Api) -> None:
    create(api)
    assert versions(api) == ("News for {{name}}", None)
    put(api, {"published": True})
    assert versions(api) == (None, "News for {{name}}")
    put(api, {"content": make_content(subject="two")})
    assert versions(api) == ("two", "News for {{name}}")
    put(api, {"content": make_content(subject="hotfix")}, "?update_published=true")
    assert versions(api) == ("two", "hotfix")
    put(api, {"published": True, "content": make_content(subject="three")}, "?update_published=true")
    assert versions(api) == (None, "three")
    put(api, {"published": True})
    put(api, {"published": False, "name": "Renamed"})
    assert versions(api) == ("three", "three")
    assert (shown(api, draft="true")["name"], shown(api, draft="0")["name"]) == ("Renamed", "Spring")


def test_an_unpublished_template_has_no_published_version_to_update(api: Api) -> None:
    create(api)
    assert fault_of(api.put("templates/spring?update_published=true", {"name": "x"}))[:2] == (422, "2005")


def test_a_client_that_sends_every_key_changes_only_what_it_means(api: Api) -> None:
    create(api, options={"open_tracking": True, "click_tracking": False})
    nothing = {"html": None, "text": None, "subject": None, "from": None}
    put(
        api,
        {
            "name": "New",
            "description": None,
            "published": None,
            "options": {"open_tracking": None, "click_tracking": True},
            "content": nothing,
        },
    )
    template = shown(api)
    assert (template["name"], template["content"]["text"]) == ("New", "Hello {{name}}")
    assert template["options"] == {"open_tracking": True, "click_tracking": True}
    put(api, {"name": None, "options": {"open_tracking": None}, "content": nothing})
    assert fault_of(api.put("templates/spring", {"content": {"html": "x", "text": None}}))[:2] == (422, "1400")


def test_the_list_shows_the_version_asked_for(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for minute, template_id in enumerate(("a", "b c", "é")):
        monkeypatch.setattr(clock, "now", lambda minute=minute: datetime(2031, 5, 1, 12, minute, tzinfo=UTC))
        create(api, id=template_id, published=template_id == "a")
    rows = api.get("templates").json()["results"]
    assert [row["id"] for row in rows] == ["é", "b c", "a"]
    assert not {"content", "options"} & set(rows[0])
    assert rows[0]["shared_with_subaccount"] == rows[0]["shared_with_subaccounts"]
    assert [row["id"] for row in api.get("templates", draft="TRUE").json()["results"]] == ["é", "b c"]
    assert [row["id"] for row in api.get("templates", draft="0").json()["results"]] == ["a"]
    assert api.get("templates/b%20c").json()["results"]["id"] == "b c"
    assert fault_of(api.get("templates/é", draft="false"))[:2] == (404, "1600")


def test_a_template_in_use_is_not_deleted(api: Api) -> None:
    create(api, published=True)
    answer = api.post("transmissions", make_transmission(content={"template_id": "spring"}))
    assert answer.status_code == 200
    expected = (409, "1602", "Template is in use by msg generation")
    assert fault_of(api.delete("templates/spring")) == expected
    Transmission.objects.update(state=Transmission.State.SUCCESS)
    deleted = api.delete("templates/spring")
    assert (deleted.status_code, deleted.json()) == (200, {})
    assert fault_of(api.delete("templates/spring"))[:2] == (404, "1600")
    create(api)


@pytest.mark.parametrize(
    "published, use_draft, expected",
    [(True, True, (422, "2004")), (False, False, (422, "2005")), (True, False, None), (False, True, None)],
)
def test_a_transmission_needs_the_version_it_names(
    api: Api, published: bool, use_draft: bool, expected: tuple[int, str] | None
) -> None:
    create(api, published=published)
    content = {"template_id": "spring", "use_draft_template": use_draft, "headers": {"X-Ignored": "1"}}
    answer = api.post("transmissions", make_transmission(content=content))
    assert (fault_of(answer)[:2] if expected else None) == expected


def test_a_preview_renders_with_data(api: Api) -> None:
    content = make_content(
        **{"from": {"name": "{{desk}}", "email": "desk@mail.example.org"}},
        html='<p data-x="1">{{name}} <a href="https://shop.test/{{name}}" data-msys-linkname="a">x</a></p>',
        headers={"X-Issue": "{{issue}}"},
    )
    create(api, content=content)
    data = {"name": "Ana & Co", "desk": "Desk", "issue": 12}
    answer = api.post("templates/spring/preview", {"substitution_data": data})
    assert answer.json()["results"] == {
        "from": {"name": "Desk", "email": "desk@mail.example.org"},
        "subject": "News for Ana & Co",
        "text": "Hello Ana & Co",
        "html": (
            '<p data-x="1">Ana &amp; Co <a href="https://shop.test/Ana%20%26%20Co" data-msys-linkname="a">x</a></p>'
        ),
        "headers": {"X-Issue": "12"},
    }


def test_content_can_be_previewed_without_being_stored(api: Api) -> None:
    body = {
        "content": {"text": "Hi {{address.name}} {{email}}"},
        "substitution_data": {"address": {"name": "Noor"}},
    }
    assert api.post("utils/content-previewer", body).json()["results"] == {"text": "Hi Noor "}
    for missing in ({"content": {"text": "x"}}, {"substitution_data": {}}):
        assert fault_of(api.post("utils/content-previewer", missing))[:2] == (422, "1400")


def test_faults_of_a_preview(api: Api) -> None:
    def preview(text: str) -> tuple[int, str, str]:
        return fault_of(
            api.post("utils/content-previewer", {"content": {"text": text}, "substitution_data": {"z": 0}})
        )

    assert preview("{{ 1 / z }}")[:2] == (422, "3001")
    assert preview("{{ 1 / z }}")[2].startswith("Error while rendering part text: line 1: ")
    assert preview("{{ x")[:2] == (422, "3000")
