"""The pages for keys and people, by Django's client (contract 90 §10)."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from accounts import actions, roles
from accounts.models import ApiKey

pytestmark = pytest.mark.django_db

PASSWORD = "a long enough secret"
ADD, LIST = "/admin/accounts/apikey/add/", "/admin/accounts/apikey/"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def signed_in(role: str) -> Client:
    user = User.objects.create_user(role.lower(), password=PASSWORD, is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    client = Client()
    assert client.login(username=user.username, password=PASSWORD)
    return client


@pytest.fixture
def administrator() -> Client:
    return signed_in(roles.ADMINISTRATOR)


def new_key(client: Client, **changes: Any) -> Any:
    form = {"label": "Shop", "grants": ["metrics/view"], "valid_ips": "", "account_password": PASSWORD, **changes}
    return client.post(ADD, form)


def test_a_new_key_is_shown_once_and_works(administrator: Client) -> None:
    answer = new_key(administrator, valid_ips="192.0.2.9/24, 2001:DB8::1\n192.0.2.0/24")
    stored = ApiKey.objects.get()
    found = re.search(r">([0-9a-f]{40})<", answer.content.decode())
    assert found is not None
    assert "no-store" in answer["Cache-Control"]
    assert actions.find_key(found[1]) == stored
    assert stored.valid_ips == ["192.0.2.0/24", "2001:db8::1"]
    assert stored.created_by is not None
    for page in (LIST, f"{LIST}{stored.pk}/change/", f"{LIST}{stored.pk}/history/", "/admin/"):
        later = administrator.get(page)
        assert later.status_code == 200
        assert found[1] not in later.content.decode()


@pytest.mark.parametrize(
    "changes, said",
    [
        ({"account_password": "wrong"}, "not the password of your account"),
        ({"account_password": ""}, "This field is required"),
        ({"account_password": f" {PASSWORD} "}, "not the password of your account"),
        ({"label": " "}, "This field is required"),
        ({"label": "x" * 256}, "at most 255"),
        ({"grants": []}, "Choose at least one grant"),
        ({"grants": ["metrics/view", "root/all"]}, "root/all is not one of the available choices"),
        ({"valid_ips": "192.0.2.1 <b>"}, "Neither an IP address nor a network: &lt;b&gt;"),
        ({"valid_ips": " ".join(f"192.0.2.{n}" for n in range(101))}, "At most 100"),
    ],
)
def test_what_is_wrong_is_said_in_the_form_and_nothing_is_made(
    administrator: Client, changes: dict[str, Any], said: str
) -> None:
    assert said in new_key(administrator, **changes).content.decode()
    assert not ApiKey.objects.exists()


def test_only_label_and_grants_can_be_edited(administrator: Client) -> None:
    stored, _ = actions.create_key("Shop", ["metrics/view"], valid_ips=["192.0.2.1"])
    page = f"{LIST}{stored.pk}/change/"
    answer = administrator.post(
        page,
        {"label": "Web shop", "grants": ["templates/view", "webhooks/view"], "valid_ips": "", "short_key": "x"},
    )
    assert answer.status_code == 302
    before = stored.key_hash
    stored.refresh_from_db()
    assert (stored.label, stored.grants) == ("Web shop", ["webhooks/view", "templates/view"])
    assert (stored.valid_ips, stored.key_hash) == (["192.0.2.1"], before)


def test_revoking_asks_first_and_is_final(administrator: Client) -> None:
    stored, key = actions.create_key("Shop", ["metrics/view"])
    page = f"{LIST}{stored.pk}/revoke/"
    assert "cannot be undone" in administrator.get(page).content.decode()
    assert actions.find_key(key) is not None
    assert administrator.post(page).status_code == 302
    assert actions.find_key(key) is None
    assert administrator.get(page).status_code == 403
    refused = administrator.post(f"{LIST}{stored.pk}/change/", {"label": "x", "grants": ["metrics/view"]})
    assert refused.status_code == 403
    assert "Revoked" in administrator.get(f"{LIST}?status=revoked").content.decode()
    assert "Shop" not in administrator.get(f"{LIST}?status=active").content.decode()


def test_keys_are_never_deleted(administrator: Client) -> None:
    stored, _ = actions.create_key("Shop", ["metrics/view"])
    assert administrator.get(f"{LIST}{stored.pk}/delete/").status_code == 403
    administrator.post(LIST, {"action": "delete_selected", "_selected_action": [stored.pk]})
    assert ApiKey.objects.filter(pk=stored.pk).exists()


@pytest.mark.parametrize("number", ["0", "999999", "x", "²", "1%2F2", "9" * 30])
def test_numbers_of_no_key_are_no_surprise(administrator: Client, number: str) -> None:
    for page in ("revoke", "change"):
        assert administrator.get(f"{LIST}{number}/{page}/").status_code in (302, 403, 404)


@pytest.mark.parametrize("role", [roles.MARKETER, roles.OPERATOR])
def test_others_see_neither_keys_nor_people(role: str) -> None:
    client = signed_in(role)
    stored, _ = actions.create_key("Shop", ["metrics/view"])
    for page in (LIST, ADD, f"{LIST}{stored.pk}/change/", f"{LIST}{stored.pk}/revoke/", "/admin/auth/user/"):
        assert client.get(page).status_code == 403
        assert page not in client.get("/admin/").content.decode()
    assert client.post(f"{LIST}{stored.pk}/revoke/").status_code == 403


def test_labels_are_escaped(administrator: Client) -> None:
    stored, _ = actions.create_key("<script>alert(1)</script>", ["metrics/view"])
    for page in (LIST, f"{LIST}{stored.pk}/change/", f"{LIST}{stored.pk}/revoke/"):
        assert "<script>alert(1)" not in administrator.get(page).content.decode()
    assert "<script>alert(1)" not in new_key(administrator, label="<script>alert(1)</script>").content.decode()


def test_an_administrator_adds_a_person_with_a_role(administrator: Client) -> None:
    marketer = Group.objects.get(name=roles.MARKETER)
    answer = administrator.post(
        "/admin/auth/user/add/",
        {
            "username": "maria",
            "email": "maria@example.net",
            "usable_password": "true",
            "password1": PASSWORD,
            "password2": PASSWORD,
            "is_staff": "on",
            "groups": [marketer.pk],
        },
    )
    assert answer.status_code == 302
    maria = User.objects.get(username="maria")
    assert maria.is_staff
    assert list(maria.groups.all()) == [marketer]
    assert maria.check_password(PASSWORD)
    for page in (
        "/admin/auth/user/",
        f"/admin/auth/user/{maria.pk}/change/",
        f"/admin/auth/user/{maria.pk}/password/",
    ):
        assert administrator.get(page).status_code == 200
    for page in ("/admin/auth/group/", f"/admin/auth/group/{marketer.pk}/change/"):
        assert administrator.get(page).status_code == 200
