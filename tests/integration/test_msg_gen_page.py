"""The msg_gen configuration page, by Django's client (contract 50 §1)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test import Client

from accounts import roles
from tracking import configuration, option_rules
from tracking.models import Option, OptionChange
from tracking.option_changes import change_options

pytestmark = pytest.mark.django_db

PAGE = "/admin/tracking/msg-gen/"


@pytest.fixture(autouse=True)
def _quick_passwords(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def olga() -> User:
    user = User.objects.create_user("olga", password="a long enough secret", is_staff=True)
    user.groups.add(Group.objects.get(name=roles.OPERATOR))
    return user


@pytest.fixture
def operator(olga: User) -> Client:
    client = Client()
    client.force_login(olga)
    return client


def stored() -> dict[str, Any]:
    return dict(Option.objects.values_list("name", "value"))


def test_every_option_is_shown_with_its_default_and_meaning(operator: Client) -> None:
    page = operator.get(PAGE).content.decode()
    for name, option in option_rules.OPTIONS.items():
        assert f'name="{name}"' in page
        assert option.metadata["meaning"] in page.replace("&#x27;", "'")
    assert "31,536,000 seconds (365 days)" in page
    for name in ("cluster_cfg", "quorum", "node", "scheduled_send"):
        assert name in page


def test_a_change_holds_at_once_and_is_recorded(operator: Client, olga: User) -> None:
    answer = operator.post(
        PAGE, {"engagement_tracking_host": "Track.Example.org:81", "click_tracking_scheme": "https"}
    )
    assert answer.status_code == 302
    now = configuration.current()
    assert (now.engagement_tracking_host, now.click_tracking_scheme) == ("track.example.org:81", "https")
    changes = {change.name: change for change in OptionChange.objects.all()}
    assert set(changes) == {"engagement_tracking_host", "click_tracking_scheme"}
    host = changes["engagement_tracking_host"]
    assert (host.old_value, host.new_value, host.changed_by) == ("127.0.0.1:8001", "track.example.org:81", olga)
    page = operator.get(PAGE).content.decode()
    assert "track.example.org:81" in page
    assert "olga" in page


def test_an_option_set_to_its_default_is_not_stored(operator: Client) -> None:
    operator.post(PAGE, {"gen_count": "5", "click_tracking": "on", "max_metadata_len": "1000"})
    assert stored() == {"gen_count": 5}
    operator.post(PAGE, {"gen_count": "2"})
    assert stored() == {}
    assert [(change.old_value, change.new_value) for change in OptionChange.objects.order_by("id")] == [
        (2, 5),
        (5, 2),
    ]


def test_reset_touches_one_option_alone(operator: Client) -> None:
    operator.post(PAGE, {"gen_count": "5", "max_metadata_len": "10"})
    operator.post(PAGE, {"reset": "gen_count", "max_metadata_len": "20", "gen_count": "7"})
    assert stored() == {"max_metadata_len": 10}


def test_saving_again_records_nothing(operator: Client) -> None:
    for _ in range(2):
        operator.post(PAGE, {"gen_count": "5"})
    assert OptionChange.objects.count() == 1


def test_what_the_person_did_not_touch_is_not_saved_back(operator: Client, olga: User) -> None:
    form = {"gen_count": "2", "shown-gen_count": "2", "max_metadata_len": "500", "shown-max_metadata_len": "1000"}
    change_options({"gen_count": 9}, olga)  # somebody else, after the page was loaded
    operator.post(PAGE, form)
    assert stored() == {"gen_count": 9, "max_metadata_len": 500}


def test_one_bad_field_saves_nothing_and_keeps_what_was_typed(operator: Client) -> None:
    answer = operator.post(
        PAGE, {"gen_count": "5", "scheduled_interval_delete": "<b>1</b>", "engagement_tracking_host": "http://x"}
    )
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "whole number" in page
    assert "Leave out the scheme" in page
    assert "Nothing was saved" in page
    assert 'value="5"' in page
    assert "&lt;b&gt;1&lt;/b&gt;" in page
    assert "<b>1</b>" not in page
    assert stored() == {}
    assert not OptionChange.objects.exists()


@pytest.mark.parametrize("form", [{}, {"unknown": "1"}, {"reset": "unknown"}, {"shown-gen_count": "7"}])
def test_a_form_with_nothing_in_it_changes_nothing(operator: Client, form: dict[str, str]) -> None:
    assert operator.post(PAGE, form).status_code == 302
    assert not OptionChange.objects.exists()


def test_the_history_is_paged_newest_first_and_survives_its_people(operator: Client, olga: User) -> None:
    for count in range(3, 33):
        change_options({"gen_count": count}, olga)
    first = operator.get(PAGE).context["history_table"]["rows"]
    last = operator.get(PAGE, {"page": "2"}).context["history_table"]["rows"]
    assert (len(first), len(last)) == (25, 5)
    assert first[0][1:] == ["olga", "gen_count", "31 workers", "32 workers"]
    for odd in ("0", "99", "x", "-1"):
        assert operator.get(PAGE, {"page": odd}).status_code == 200
    OptionChange.objects.update(changed_by=None)
    OptionChange.objects.create(name="gone_option", old_value=None, new_value="<i>")
    page = operator.get(PAGE).content.decode()
    assert "deleted user" in page
    assert "&lt;i&gt;" in page


def test_view_only_shows_values_without_fields(olga: User, operator: Client) -> None:
    change_options({"gen_count": 9}, olga)
    olga.groups.clear()
    olga.user_permissions.add(Permission.objects.get(codename="view_option"))
    page = operator.get(PAGE).content.decode()
    assert "9 workers" in page
    assert 'name="gen_count"' not in page
    assert "Reset to default" not in page
    assert operator.post(PAGE, {"gen_count": "5"}).status_code == 403
    assert stored() == {"gen_count": 9}


def test_others_are_refused(olga: User, operator: Client) -> None:
    olga.groups.set([Group.objects.get(name=roles.MARKETER)])
    assert operator.get(PAGE).status_code == 403
    assert operator.post(PAGE, {"gen_count": "5"}).status_code == 403
    anonymous = Client().get(PAGE)
    assert anonymous.status_code == 302
    assert "/admin/login/" in anonymous["Location"]


def test_the_form_is_protected_against_other_sites(olga: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(olga)
    assert client.post(PAGE, {"gen_count": "5"}).status_code == 403


@pytest.mark.django_db(transaction=True)
def test_changes_at_the_same_time_are_recorded_one_after_the_other() -> None:
    olga = User.objects.create_user("olga")

    def change(count: int) -> None:
        try:
            change_options({"gen_count": count}, olga)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(change, range(10, 34)))
    chain = list(OptionChange.objects.order_by("id").values_list("old_value", "new_value"))
    assert [old for old, _ in chain] == [2, *(new for _, new in chain[:-1])]
    assert stored() == {"gen_count": chain[-1][1]}
