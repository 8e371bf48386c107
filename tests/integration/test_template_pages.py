"""The pages of templates: list, editor, preview, test sends, preflight; with templates as hostile as they come."""

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from momentum.lib import clock
from tests.api import Api, make_transmission
from transmissions.actions import templates
from transmissions.models import Template, TemplateVersion, Transmission
from transmissions.template_versions import find_version, shown

pytestmark = pytest.mark.django_db

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"
ALL = ("view", "add", "change", "delete")


def person(client: Client, *verbs: str, more: tuple[str, ...] = ()) -> Client:
    """Somebody who is signed in and may do these things with templates."""
    user = User.objects.create_user("ada", password="x", is_staff=True)
    names = [*(f"{verb}_template" for verb in verbs), *more]
    user.user_permissions.set(
        Permission.objects.filter(codename__in=names, content_type__app_label="transmissions")
    )
    client.force_login(user)
    return client


@pytest.fixture
def author(client: Client) -> Client:
    return person(client, *ALL, more=("view_recipientlist", "view_transmission"))


def make_content(**changes: Any) -> dict[str, Any]:
    return {"from": "desk@mail.example.org", "subject": "Dear {{name}}", "html": "<p>{{name}}</p>", **changes}


def create(key: str = "spring", **changes: Any) -> str:
    return templates.create({"id": key, "name": key.title(), "content": make_content(), **changes})


def form(**changes: Any) -> dict[str, Any]:
    """What the editor sends."""
    stored = Template.objects.filter(key=changes.get("stored_key", "spring")).first()
    fields = {
        "name": "Spring",
        "from_email": "desk@mail.example.org",
        "subject": "Dear {{name}}",
        "html": "<p>{{name}}</p>",
        "stored_key": stored.key if stored else "",
        "seen": stored.last_version if stored else "",
        "action": "draft",
    }
    return fields | changes


def edit(key: str = "spring") -> str:
    return reverse("templates:edit", args=[key])


def version(*, draft: bool) -> dict[str, Any]:
    return shown(find_version("spring", draft))


def text_of(response: Any) -> str:
    return str(response.content.decode())


# Who may do what


def test_pages_are_for_people_with_the_permission(client: Client) -> None:
    create()
    pages = ("list", "csv", "new", "preview", "send_test", "preflight")
    addresses = [
        *(reverse(f"templates:{page}") for page in pages),
        edit(),
        reverse("templates:delete", args=["spring"]),
    ]
    for address in addresses:
        assert client.get(address).status_code == 302
    person(client)
    for address in addresses:
        assert client.post(address, form()).status_code in (403, 405)
        assert client.get(address).status_code in (403, 405)
    assert TemplateVersion.objects.count() == 1


def test_a_reader_sees_and_changes_nothing(client: Client) -> None:
    create()
    reader = person(client, "view")
    page = text_of(reader.get(edit()))
    for button in ("Save draft", "Publish</button>", "Send test</button>", "Delete</button>"):
        assert button not in page
    assert "New template" not in text_of(reader.get(reverse("templates:list")))
    assert reader.post(edit(), form(subject="x")).status_code == 403
    assert reader.post(reverse("templates:new"), form()).status_code == 403
    assert reader.post(reverse("templates:delete", args=["spring"])).status_code == 403
    assert reader.post(reverse("templates:send_test"), form(test_address="a@b.test")).status_code == 403
    assert reader.post(reverse("templates:preflight"), form(preflight_list="x")).status_code == 403
    assert "Dear Ana" in text_of(reader.post(reverse("templates:preview"), form(test_data='{"name": "Ana"}')))
    assert not Transmission.objects.exists()


# The list


def at(monkeypatch: pytest.MonkeyPatch, minute: int) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime(2031, 5, 1, 12, tzinfo=UTC) + timedelta(minutes=minute))


@pytest.fixture
def several(monkeypatch: pytest.MonkeyPatch) -> None:
    """`c` was written first; `b` is published with a newer draft, `d` with an older one."""
    for minute, key in enumerate("cabd"):
        at(monkeypatch, minute)
        create(key, published=key in "bd", description=f"About {key}")
    at(monkeypatch, 10)
    templates.update("d", {"name": "Draft of d"})
    at(monkeypatch, 11)
    templates.update("d", {"name": "Live d"}, update_published=True)
    at(monkeypatch, 12)
    templates.update("b", {"name": "Draft of b"})
    Template.objects.filter(key="a").update(last_use=datetime(2031, 6, 1, tzinfo=UTC))


def listed(client: Client, query: str = "") -> list[str]:
    response = client.get(reverse("templates:list") + query)
    return [row.key for row in response.context["rows"]]


@pytest.mark.parametrize(
    "query, expected",
    [
        ("", "bdac"),
        ("?sort=-updated", "cadb"),
        ("?sort=label", "abcd"),
        ("?sort=-label", "dcba"),
        ("?sort=id", "abcd"),
        ("?sort=status", "acbd"),
        ("?sort=used", "abcd"),
        ("?sort=nonsense", "bdac"),
        ("?status=draft", "ac"),
        ("?status=published", "bd"),
        ("?status=newer", "b"),
        ("?q=ABOUT+c", "c"),
        ("?q=live", "d"),
        ("?q=%00%27%22", ""),
        ("?q=%25", ""),
        ("?page=99", "bdac"),
        ("?page=x&size=7", "bdac"),
    ],
)
def test_the_list_sorts_filters_and_searches(author: Client, several: None, query: str, expected: str) -> None:
    assert "".join(listed(author, query)) == expected


def test_the_list_shows_status_and_description(author: Client, several: None) -> None:
    page = text_of(author.get(reverse("templates:list")))
    assert 'title="About b"' in page
    assert page.count("newer draft</span>") == 1
    assert page.count("older draft</span>") == 1


def test_pages_and_their_size_are_remembered(author: Client) -> None:
    for number in range(30):
        create(f"t{number:02}")
    assert len(listed(author)) == 25
    assert len(listed(author, "?page=2")) == 5
    assert len(listed(author, "?size=50")) == 30
    assert len(listed(author)) == 30
    assert len(listed(author, "?size=25&q=t0")) == 10


def test_the_csv_holds_all_rows_in_order(author: Client, several: None) -> None:
    templates.update("a", {"name": "=1+1", "description": EVIL})
    response = author.get(reverse("templates:csv") + "?sort=id")
    assert response["Content-Disposition"] == 'attachment; filename="templates.csv"'
    rows = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
    assert [row[1] for row in rows] == ["ID", "a", "b", "c", "d"]
    assert rows[1] == ["'=1+1", "a", EVIL, "Draft", "", "2031-05-01T12:12:00Z", "2031-06-01T00:00:00Z"]
    assert rows[2][3:5] == ["Published", "yes"]


# The editor


def test_a_template_is_written_saved_and_published(author: Client) -> None:
    answer = author.post(reverse("templates:new"), form(key="spring", open_tracking="off", headers="X-A: {{a}}"))
    assert answer.status_code == 302
    assert answer["Location"] == edit() + "?created=1"
    assert version(draft=True)["content"] == {
        "from": {"email": "desk@mail.example.org"},
        "subject": "Dear {{name}}",
        "html": "<p>{{name}}</p>",
        "headers": {"X-A": "{{a}}"},
    }
    assert version(draft=True)["options"] == {"open_tracking": False}
    assert author.post(edit(), form(action="publish", text="Hi", transactional="on")).status_code == 302
    assert version(draft=False)["options"] == {"transactional": True}
    assert version(draft=False)["content"]["text"] == "Hi"
    assert author.post(edit(), form(subject="next")).status_code == 302
    assert (version(draft=True)["content"]["subject"], version(draft=False)["content"]["subject"]) == (
        "next",
        "Dear {{name}}",
    )
    assert 'value="next"' in text_of(author.get(edit()))
    assert 'value="Dear {{name}}"' in text_of(author.get(edit() + "?version=published"))


def test_the_draft_is_edited_even_if_the_published_version_was_changed_later(author: Client) -> None:
    create(published=True)
    templates.update("spring", {"content": make_content(subject="draft")})
    templates.update("spring", {"content": make_content(subject="hot fix")}, update_published=True)
    assert 'value="draft"' in text_of(author.get(edit()))


def test_what_is_wrong_is_shown_where_it_is_and_nothing_is_lost(author: Client) -> None:
    create()
    answer = author.post(edit(), form(html="a\n{{end}}", subject="{{ x", headers="X-A: 1\nnone", text="kept"))
    page = text_of(answer)
    assert answer.status_code == 422
    assert "expected a header as Name: value" in page
    assert "kept</textarea>" in page
    answer = author.post(edit(), form(html="a\n{{end}}", subject="{{ x", text="kept"))
    page = text_of(answer)
    assert "HTML, line 2</button>" in page
    assert "unexpected &#x27;end&#x27;" in page
    assert ">Subject</button>" in page
    assert 'id="tab-html" data-tab="html" aria-controls="panel-html" aria-selected="true" data-faulty' in page
    assert version(draft=True)["content"] == make_content()


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"key": "spring"}, "already exists"),
        ({"key": "a/b"}, "not allowed"),
        ({"key": "x" * 65}, "longer than 64 bytes"),
        ({"key": "", "name": ""}, "id or name is required"),
        ({"key": "new", "from_email": ""}, "content.from is a required field"),
        ({"key": "new", "html": ""}, "at least one of text or html"),
        ({"key": "new", "name": "a\0b"}, "NUL"),
        ({"key": "new", "from_email": "nobody"}, "invalid content.from"),
    ],
)
def test_a_new_template_obeys_the_rules_of_the_api(author: Client, changes: dict[str, str], words: str) -> None:
    create()
    answer = author.post(reverse("templates:new"), form(stored_key="") | changes)
    assert answer.status_code == 422
    assert words in text_of(answer)
    assert Template.objects.count() == 1


def test_options_can_be_unset_again(author: Client) -> None:
    create(options={"open_tracking": True, "click_tracking": False})
    author.post(edit(), form(open_tracking="", click_tracking="off"))
    assert version(draft=True)["options"] == {"click_tracking": False}
    author.post(edit(), form())
    assert version(draft=True)["options"] == {}


def test_a_change_of_somebody_else_is_not_overwritten_unseen(author: Client) -> None:
    create()
    mine = form(subject="mine")
    templates.update("spring", {"content": make_content(subject="theirs")})
    answer = author.post(edit(), mine)
    assert answer.status_code == 422
    assert "Somebody has changed this template" in text_of(answer)
    assert version(draft=True)["content"]["subject"] == "theirs"
    again = form(subject="mine", seen=answer.context["seen"])
    assert author.post(edit(), again).status_code == 302
    assert version(draft=True)["content"]["subject"] == "mine"


def test_test_data_are_not_stored(author: Client) -> None:
    create()
    author.post(edit(), form(test_data='{"secret": 1}'))
    assert "secret" not in TemplateVersion.objects.get().content
    assert "secret" not in text_of(author.get(edit()))


def test_a_prebuilt_template_keeps_its_kind(author: Client) -> None:
    source = "From: a@b.test\r\nSubject: x\r\n\r\n{{name}}"
    create(content={"email_rfc822": source})
    page = text_of(author.get(edit()))
    assert 'id="email_rfc822"' in page
    assert 'id="html"' not in page
    author.post(edit(), form(is_prebuilt="1", email_rfc822=source, description="new"))
    assert version(draft=True)["content"] == {"email_rfc822": source}
    fields = form(is_prebuilt="1", email_rfc822=source, test_data='{"name": "Ana"}')
    page = text_of(author.post(reverse("templates:preview"), fields))
    assert '<dd class="tp-subject">x</dd>' in page
    assert '<pre class="tp-shown" id="tp-shown-text" hx-swap-oob="true">\nAna' in page


def test_deleting(author: Client) -> None:
    create(published=True)
    Api().post("transmissions", make_transmission(content={"template_id": "spring"}))
    address = reverse("templates:delete", args=["spring"])
    refused = author.post(address, follow=True)
    assert refused.redirect_chain == [(edit(), 302)]
    assert "Template is in use by msg generation" in text_of(refused)
    Transmission.objects.update(state=Transmission.State.SUCCESS)
    assert "Template spring was deleted" in text_of(author.post(address, follow=True))
    assert not Template.objects.exists()
    assert "Template does not exist" in text_of(author.post(address, follow=True))
    assert author.get(edit()).status_code == 404
    assert author.get(edit() + "?version=published").status_code == 404


@pytest.mark.parametrize("key", ["a b", "é", "x%y?z#", "<b>"])
def test_any_id_has_its_page(author: Client, key: str) -> None:
    create(key)
    assert author.get(edit(key)).status_code == 200
    assert edit(key) in text_of(author.get(reverse("templates:list")))
    author.post(edit(key), form(stored_key=key, subject="changed"))
    assert shown(find_version(key, None))["content"]["subject"] == "changed"


# What works beside the form


def preview(client: Client, **changes: Any) -> str:
    return text_of(client.post(reverse("templates:preview"), form(**changes)))


def test_the_preview_renders_the_unsaved_form_with_its_data(author: Client) -> None:
    page = preview(
        author,
        from_name="{{desk}}",
        text="Text for {{name}}",
        headers="X-Issue: {{issue}}",
        test_data='{"name": "Zoë & Co", "desk": "Desk", "issue": 7}',
    )
    assert "Desk &lt;desk@mail.example.org&gt;" in page
    assert "Dear Zoë &amp; Co" in page
    assert "Text for Zoë &amp; Co" in page
    assert "&lt;p&gt;Zoë &amp;amp; Co&lt;/p&gt;" in page
    assert "<dt>X-Issue</dt><dd>7</dd>" in page
    assert not Template.objects.exists()


@pytest.mark.parametrize(
    "changes, place, words",
    [
        ({"html": "a\n\n{{ 1 / z }}", "test_data": '{"z": 0}'}, "HTML, line 3", "division by zero"),
        ({"text": "{{if x}}"}, "Text, line 1", "missing"),
        ({"headers": "X-A: 1\nX-B: {{ x"}, "X-B, line 2", "missing ending"),
        ({"test_data": '{\n"a": }'}, "Test data, line 2", "malformed"),
        ({"test_data": "[]"}, "Test data, line 1", "expected an object"),
        ({"html": ""}, "HTML", "at least one of text or html"),
    ],
)
def test_a_preview_that_fails_says_where(author: Client, changes: dict[str, str], place: str, words: str) -> None:
    page = preview(author, **changes)
    assert f"{place}</button>" in page
    assert words in page
    assert "tp-document" not in page


@pytest.mark.parametrize("field", ["subject", "html", "text", "amp_html", "from_name", "reply_to", "headers"])
def test_nothing_of_a_template_becomes_markup_of_the_page(author: Client, field: str) -> None:
    value = f"X-Evil: {EVIL}" if field == "headers" else EVIL
    page = preview(author, **({"text": "x"} | {field: value}))
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    stored: dict[str, Any] = {
        "headers": {"headers": {"X-Evil": EVIL}},
        "from_name": {"from": {"email": "a@b.test", "name": EVIL}},
    }
    create(name=EVIL, description=EVIL, content=make_content(**stored.get(field, {field: EVIL})))
    for address in (edit(), reverse("templates:list")):
        page = text_of(author.get(address))
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_pages_have_no_scripts_of_their_own_inside(author: Client) -> None:
    create()
    for address in (edit(), reverse("templates:list"), reverse("templates:new")):
        _, _, page = text_of(author.get(address)).partition('class="tp"')
        page, _, _ = page.partition("simplebar/simplebar.js")
        assert page
        for inline in (" onclick=", " onload=", " onsubmit=", "javascript:", "hx-on", "hx-vals='js:"):
            assert inline not in page


def test_very_large_html_is_left_out_of_the_preview(author: Client) -> None:
    page = preview(author, html="<p>" + "x" * 2_000_001)
    assert "too large for the live preview" in page
    assert len(page) < 10_000


def test_a_test_is_queued_and_says_so(author: Client) -> None:
    create()
    answer = text_of(
        author.post(reverse("templates:send_test"), form(test_address=" ines@example.net ", transactional="on"))
    )
    transmission = Transmission.objects.get()
    assert "Queued for ines@example.net" in answer
    assert reverse("admin:transmissions_transmission_change", args=[transmission.id]) in answer
    assert (transmission.is_test, transmission.description) == (True, "Test of spring")
    assert author.get(reverse("admin:transmissions_transmission_change", args=[transmission.id])).status_code == 200


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"test_address": ""}, "an address is needed"),
        ({"test_address": "nobody"}, "invalid recipient address"),
        ({"test_address": "a@b.test", "test_data": "x"}, "malformed"),
        ({"test_address": "a@b.test", "html": "{{ x"}, "missing ending"),
        ({"test_address": "a@b.test", "from_email": ""}, "content.from is a required field"),
    ],
)
def test_a_test_that_cannot_be_sent(author: Client, changes: dict[str, str], words: str) -> None:
    assert words in text_of(author.post(reverse("templates:send_test"), form(**changes)))
    assert not Transmission.objects.exists()


def make_list(*data: dict[str, Any]) -> None:
    recipients = [
        {"address": f"r{number}@example.net", "substitution_data": each} for number, each in enumerate(data)
    ]
    Api().post("recipient-lists", {"id": "readers", "name": "Readers", "recipients": recipients})


def check(client: Client, **changes: Any) -> str:
    return text_of(client.post(reverse("templates:preflight"), form(**changes)))


def test_a_preflight_with_the_test_data(author: Client) -> None:
    page = check(author, text="x https://shop.test/unsubscribe", test_data='{"name": "Ana"}')
    assert "Nothing found with the test data" in page
    page = check(author, html='<p>{{name}}</p>\n<a href="/x">y</a>')
    assert "HTML, line 2</button>" in page
    assert "link without a host: /x" in page


def test_a_preflight_for_a_list(author: Client) -> None:
    make_list({"name": "Ana"}, {"name": None}, {})
    page = check(author, preflight_list="readers", html="{{name}}{{ render_dynamic_content(dynamic_html.card) }}")
    assert "Rendered for 3 recipients of the list" in page
    assert "2 of 3, e.g. <bdi>r1@example.net</bdi>" in page
    assert "{{dynamic_html.card}} is missing" in page
    page = check(
        author,
        preflight_list="readers",
        html="{{name}}{{ render_dynamic_content(dynamic_html.card) }}",
        test_data='{"name": "from the test data", "dynamic_html": {"card": "<a href=/>x</a>"}}',
    )
    assert "{{name}} is missing" in page
    assert "{{dynamic_html.card}}" not in page


def test_a_preflight_looks_at_a_sample_of_a_large_list(author: Client) -> None:
    make_list(*({"name": "Ana", "number": number} for number in range(1203)))
    page = check(author, preflight_list="readers", html="{{ 10 / (number - 1202) }}")
    assert "Rendered for 50 recipients of the list" in page
    page = check(author, preflight_list="readers", subject="{{ 1 / number }}")
    assert "1 of 50, e.g. <bdi>r0@example.net</bdi>" in page


def test_a_preflight_without_anybody(author: Client) -> None:
    assert "not there any more" in check(author, preflight_list="gone\0")
    assert "Subject</button>" in check(author, subject="{{ x")
