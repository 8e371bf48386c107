"""Stored templates through the API (contract 20)."""

from datetime import UTC, datetime
from email import message_from_string, policy
from email.message import EmailMessage
from typing import Any

import pytest

from momentum.lib import clock
from tests.api import Api, fault_of, make_transmission
from transmissions.models import Template, Transmission

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
        ({"content": make_content(headers={"X-Long": "x" * (5 * 1024 * 1024 + 1)})}, (422, "1300")),
        ({"options": {"open_tracking": "maybe"}}, (422, "1300")),
        ({"options": [1]}, (422, "1300")),
        ({"id": 7}, (422, "1300")),
        ({"id": "a\0b"}, (422, "1300")),
        ({"id": "a\nb"}, (422, "1300")),
        ({"name": "x" * 1025}, (422, "1300")),
        ({"name": "a\0b"}, (422, "1300")),
        ({"description": "é" * 513}, (422, "1300")),
        ({"description": "a\0b"}, (422, "1300")),
        ({"published": "perhaps"}, (422, "1300")),
        ({"shared_with_subaccounts": 3}, (422, "1300")),
        ({"content": "text"}, (422, "1300")),
        ({"content": make_content(**{"from": None})}, (422, "1400")),
        ({"content": make_content(**{"from": {"name": "Desk"}})}, (422, "1400")),
        ({"content": make_content(**{"from": "@mail.example.org"})}, (400, "2008")),
        ({"content": make_content(**{"from": "a@b.test, c@d.test"})}, (400, "7001")),
        ({"content": make_content(subject=None)}, (422, "1400")),
        ({"content": make_content(text="", html="")}, (422, "1400")),
        ({"content": make_content(text=None, amp_html="<html amp4email></html>")}, (422, "1400")),
        ({"content": make_content(subject="a\r\nBcc: x@y.test")}, (422, "3002")),
        ({"content": make_content(headers={"Subject": "x"})}, (422, "3002")),
        ({"content": make_content(headers={"X-List": ["a"]})}, (422, "1300")),
        ({"content": {"email_rfc822": "no header"}}, (422, "3020")),
        ({"content": {"email_rfc822": ""}}, (422, "3020")),
        ({"content": {"email_rfc822": "From: a@b.test\nSubject: {{ x\n\nx"}}, (422, "3000")),
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


def test_a_syntax_error_is_reported_beside_other_faults(api: Api) -> None:
    content = make_content(**{"from": "nobody"}, html="{{end}}", headers={"X-A": "a\nb"})
    codes = [error["code"] for error in api.post("templates", make_template(content=content)).json()["errors"]]
    assert codes == ["1300", "3002", "3000"]
    body = {"content": content, "substitution_data": {}}
    assert [e["code"] for e in api.post("utils/content-previewer", body).json()["errors"]] == codes


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


def test_content_to_be_previewed_obeys_the_rules_of_stored_content(api: Api) -> None:
    def fault(content: Any, data: Any = None) -> tuple[int, str]:
        body = {"content": content, "substitution_data": {} if data is None else data}
        return fault_of(api.post("utils/content-previewer", body))[:2]

    assert fault({"subject": "x"}) == (422, "1400")
    assert fault({"text": "x", "from": ""}) == (422, "1400")
    assert fault({"text": "x", "headers": {"X-Bad": "a\nb"}}) == (422, "3002")
    assert fault({"text": "x", "email_rfc822": "From: a@b.test\n\nx"}) == (422, "1301")
    assert fault({"email_rfc822": "no header"}) == (422, "3020")
    assert fault({"email_rfc822": 7}) == (422, "1300")
    assert fault({"text": "x" * (5 * 1024 * 1024 + 1)}) == (422, "1300")
    assert fault({"text": "x"}, "data") == (422, "1300")
    deep: dict[str, Any] = {}
    for _ in range(150):
        deep = {"a": deep}
    assert fault({"text": "{{a}}"}, deep) == (422, "1300")


def test_every_faulty_part_of_previewed_content_is_reported_headers_first(api: Api) -> None:
    content = {"html": "a\n{{end}}", "text": "{{ x", "headers": {"X-A": "{{if}}"}, "subject": "{{ a b }}"}
    answer = api.post("utils/content-previewer", {"content": content, "substitution_data": {}})
    assert [(error["code"], error["part"], error["line"]) for error in answer.json()["errors"]] == [
        ("3000", "Header:Subject", 1),
        ("3000", "Header:X-A", 1),
        ("3000", "text", 1),
        ("3000", "html", 2),
    ]


RFC822 = (
    'From: "{{desk}}" <desk@mail.example.org>\nSubject: Dear {{name}}\nX-Same: kept  as it is\n'
    "MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n"
    "--b\nContent-Type: text/plain\n\nHello {{name}}\n"
    "--b\nContent-Type: text/html\n\n"
    '<a href="https://shop.test/{{name}}" data-msys-linkname="top">{{name}}</a>\n--b--\n'
)


def rendered(answer: Any) -> EmailMessage:
    results = answer.json()["results"]
    assert list(results) == ["email_rfc822"]
    return message_from_string(results["email_rfc822"], policy=policy.default)


def test_a_prebuilt_message_is_previewed_as_the_message_it_becomes(api: Api) -> None:
    create(api, content={"email_rfc822": RFC822})
    data = {"name": "Zoë & Co", "desk": "Desk"}
    message = rendered(api.post("templates/spring/preview", {"substitution_data": data}))
    assert (message["From"], message["Subject"]) == ("Desk <desk@mail.example.org>", "Dear Zoë & Co")
    assert message["X-Same"] == "kept  as it is"
    assert {"Date", "Message-ID", "List-Unsubscribe"} & set(message) == set()
    text, html = (part.get_content().strip() for part in message.iter_parts())
    assert text == "Hello Zoë & Co"
    assert html == ('<a href="https://shop.test/Zo%C3%AB%20%26%20Co" data-msys-linkname="top">Zoë &amp; Co</a>')
    body = {"content": {"email_rfc822": RFC822}, "substitution_data": data}
    assert str(rendered(api.post("utils/content-previewer", body))) == str(message)


def test_a_prebuilt_message_is_previewed_without_the_data_it_needs(api: Api) -> None:
    source = "From: {{sender}}\nContent-Type: text/html\n\n{{gone}}"
    message = rendered(
        api.post("utils/content-previewer", {"content": {"email_rfc822": source}, "substitution_data": {}})
    )
    assert message.get_content_type() == "text/html"
    assert message.get_content().strip() == ""


def test_faults_of_a_prebuilt_message_carry_the_labels_of_its_parts(api: Api) -> None:
    source = RFC822.replace("Hello {{name}}", "a\n{{ 1 / z }}")
    create(api, content={"email_rfc822": source})
    answer = api.post("templates/spring/preview", {"substitution_data": {"z": 0}})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["code"], error["part"], error["line"]) == (422, "3001", "text/plain", 2)
    for written, part in (("Dear {{name}}", "Header:Subject"), ("Hello {{name}}", "text/plain")):
        faulty = RFC822.replace(written, "{{ x")
        answer = api.put("templates/spring", {"content": {"email_rfc822": faulty}})
        assert [(error["code"], error["part"]) for error in answer.json()["errors"]] == [("3000", part)]


def test_the_kind_of_content_may_change(api: Api) -> None:
    create(api, options={"click_tracking": False})
    put(api, {"content": {"email_rfc822": RFC822, "subject": None}})
    assert shown(api)["content"] == {"email_rfc822": RFC822}
    put(api, {"content": make_content()})
    assert shown(api)["content"] == make_content()
    assert shown(api)["options"] == {"click_tracking": False}


def test_content_is_replaced_wholly(api: Api) -> None:
    create(api, content=make_content(html="<p>x</p>", headers={"X-Issue": 12}, reply_to="{{back}}"))
    put(api, {"content": make_content(attachments=[{"name": "a", "type": "b", "data": "!"}])})
    assert shown(api)["content"] == make_content()


def test_publishing_takes_the_draft_however_old_it_is(api: Api) -> None:
    create(api, published=True)
    put(api, {"content": make_content(subject="draft")})
    put(api, {"content": make_content(subject="hotfix")}, "?update_published=1")
    assert versions(api) == ("draft", "hotfix")
    assert shown(api)["content"]["subject"] == "hotfix"
    put(api, {"published": True})
    assert versions(api) == (None, "draft")


def test_publishing_what_is_published_already_changes_nothing(api: Api) -> None:
    create(api, published=True)
    before = shown(api)
    put(api, {"published": True})
    put(api, {})
    assert shown(api) == before
    put(api, {"published": True, "name": "Renamed"})
    assert (shown(api)["name"], shown(api)["has_draft"]) == ("Renamed", False)


def test_name_description_and_options_belong_to_a_version_and_sharing_to_the_template(api: Api) -> None:
    create(api, published=True, description="old")
    put(api, {"description": "", "options": {"transactional": True}, "shared_with_subaccounts": True})
    draft, published = shown(api, draft="1"), shown(api, draft="0")
    assert (draft["description"], published["description"]) == ("", "old")
    assert (draft["options"], published["options"]) == ({"transactional": True}, {})
    assert draft["shared_with_subaccounts"] is published["shared_with_subaccounts"] is True
    assert [row["id"] for row in api.get("templates", shared_with_subaccounts="true").json()["results"]] == [
        "spring"
    ]
    assert api.get("templates", shared_with_subaccounts="false").json()["results"] == []


def test_sharing_alone_makes_no_draft(api: Api) -> None:
    create(api, published=True)
    before = shown(api)
    put(api, {"shared_with_subaccounts": True})
    assert shown(api) == before | {"shared_with_subaccounts": True}


@pytest.mark.parametrize("sender", ["{{from_addr}}", {"email": "{{user}}@{{domain}}", "name": "{{desk}}"}])
def test_a_sender_may_be_a_variable(api: Api, sender: Any) -> None:
    create(api, content=make_content(**{"from": sender}))
    assert shown(api)["content"]["from"] == sender
    data = {"from_addr": "a@b.test", "user": "a", "domain": "b.test", "desk": "Desk"}
    answer = api.post("templates/spring/preview", {"substitution_data": data}).json()["results"]
    assert answer["from"] == ("a@b.test" if isinstance(sender, str) else {"email": "a@b.test", "name": "Desk"})


def test_a_preview_chooses_its_version_and_changes_nothing(api: Api) -> None:
    create(api, published=True)
    put(api, {"content": make_content(text="draft {{ shared }} {{ both }}")})
    before = shown(api)
    body = {"substitution_data": {"both": "data"}, "metadata": {"both": "meta", "shared": "meta"}}
    for draft, text in (("true", "draft meta data"), ("false", "Hello "), (None, "draft meta data")):
        query = f"?draft={draft}" if draft else ""
        answer = api.post(f"templates/spring/preview{query}", body)
        assert answer.json()["results"]["text"] == text
    assert shown(api) == before
    assert api.post("templates/spring/preview", {}).status_code == 200
    put(api, {"published": True})
    assert fault_of(api.post("templates/spring/preview?draft=true", {}))[:2] == (404, "1600")
    assert fault_of(api.post("templates/other/preview", {})) == (404, "1600", "Template does not exist")


def test_dynamic_content_is_rendered_and_values_of_headers_become_text(api: Api) -> None:
    content = {
        "html": "{{ render_dynamic_content(dynamic_html.card) }}",
        "headers": {"X-Number": 7, "X-Flag": True, "X-None": None, "X-Empty": "{{gone}}"},
    }
    data = {
        "dynamic_html": {"card": '<a href="https://shop.test/" data-msys-linkname="c">{{who}}</a>'},
        "who": "A&B",
    }
    answer = api.post("utils/content-previewer", {"content": content, "substitution_data": data})
    assert answer.json()["results"] == {
        "html": '<a href="https://shop.test/" data-msys-linkname="c">A&amp;B</a>',
        "headers": {"X-Number": "7", "X-Flag": "true", "X-Empty": ""},
    }


@pytest.mark.parametrize(
    "granted, method, path, expected",
    [
        ("templates/view", "get", "templates", 200),
        ("templates/view", "get", "templates/spring", 200),
        ("templates/view", "post", "templates/spring/preview", 200),
        ("templates/preview", "post", "templates/spring/preview", 200),
        ("templates/preview", "get", "templates/spring", 403),
        ("templates/view", "post", "templates", 403),
        ("templates/view", "put", "templates/spring", 403),
        ("templates/view", "delete", "templates/spring", 403),
        ("templates/modify", "delete", "templates/spring", 200),
        ("transmissions/modify", "post", "templates/spring/preview", 403),
    ],
)
def test_grants(granted: str, method: str, path: str, expected: int) -> None:
    create(Api())
    arguments = ({},) if method in ("post", "put") else ()
    assert getattr(Api(granted), method)(path, *arguments).status_code == expected


@pytest.mark.parametrize("draft", ["TRUE", "1", "true"])
def test_a_version_is_chosen_in_any_spelling(api: Api, draft: str) -> None:
    create(api)
    assert shown(api, draft=draft)["published"] is False
    assert fault_of(api.get("templates/spring", draft="maybe"))[:2] == (400, "1200")


def test_last_use_is_there_once_a_message_was_made(api: Api) -> None:
    create(api)
    assert "last_use" not in shown(api)
    Template.objects.update(last_use=datetime(2031, 3, 2, 7, tzinfo=UTC))
    assert shown(api)["last_use"] == "2031-03-02T07:00:00+00:00"
    assert api.get("templates").json()["results"][0]["last_use"] == "2031-03-02T07:00:00+00:00"


@pytest.mark.parametrize("path", ["templates/%00", "templates/a%00b", "templates/" + "x" * 300])
def test_an_id_that_cannot_be_one_is_not_found(api: Api, path: str) -> None:
    for answer in (api.get(path), api.put(path, {"name": "x"}), api.delete(path), api.post(f"{path}/preview", {})):
        assert answer.status_code == 404
