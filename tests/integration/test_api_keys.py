"""API keys from creation to revocation, the command, and the roles of people."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from accounts import actions, grants, roles
from accounts.models import ApiKey
from momentum.lib import clock
from tests.integration import test_api_conventions as conventions

pytestmark = [pytest.mark.django_db, pytest.mark.urls(conventions.__name__)]

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)


def status(key: str, **extra: Any) -> int:
    return Client(headers={"Authorization": key}, **extra).get("/api/v1/things").status_code


def test_only_a_hash_of_the_key_is_stored() -> None:
    stored, key = actions.create_key("a", ["templates/view"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_apikey::text FROM accounts_apikey WHERE id = %s", [stored.pk])
        row = cursor.fetchone()[0]
    assert key not in row
    assert stored.short_key == key[:4]


def test_a_revoked_key_works_no_more_at_once() -> None:
    stored, key = actions.create_key("a", ["templates/view"])
    assert status(key) == 200
    assert actions.revoke_key(stored.pk)
    assert status(key) == 401
    assert not actions.revoke_key(stored.pk)


def test_a_key_bound_to_addresses_is_403_elsewhere() -> None:
    _, key = actions.create_key("a", ["templates/view"], valid_ips=["192.0.2.0/24"])
    assert status(key, REMOTE_ADDR="192.0.2.7") == 200
    elsewhere = Client(headers={"Authorization": key}).get("/api/v1/things")
    assert (elsewhere.status_code, elsewhere.json()["errors"][0]["code"]) == (403, "1100")


def test_the_last_use_is_noted_at_most_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    stored, key = actions.create_key("a", ["templates/view"])

    def used_at(now: datetime) -> datetime | None:
        monkeypatch.setattr(clock, "now", lambda: now)
        assert status(key) == 200
        stored.refresh_from_db()
        return stored.last_used_at

    assert stored.last_used_at is None
    assert used_at(NOON) == NOON
    assert used_at(NOON + timedelta(seconds=59)) == NOON
    assert used_at(NOON + timedelta(seconds=60)) == NOON + timedelta(seconds=60)


def test_a_use_that_cannot_be_noted_does_not_refuse_the_request(caplog: pytest.LogCaptureFixture) -> None:
    _, key = actions.create_key("a", ["templates/view"])
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger AS $$BEGIN RAISE 'no room'; END$$ LANGUAGE plpgsql;"
            "CREATE TRIGGER refuse BEFORE UPDATE ON accounts_apikey EXECUTE FUNCTION refuse()"
        )
    with caplog.at_level(logging.WARNING):
        assert status(key) == 200
    assert "could not be noted" in caplog.text
    assert key not in caplog.text


def test_unknown_grants_are_a_surprise_to_the_action() -> None:
    with pytest.raises(ValueError, match="no/such"):
        actions.create_key("a", ["no/such"])


def test_the_command_prints_the_key_alone(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_api_key", "--label", " tests ", "--grant", "templates/modify", "--grant", "metrics/view")
    key = capsys.readouterr().out
    assert key == key.strip() + "\n"
    assert status(key.strip()) == 200
    stored = ApiKey.objects.get()
    assert (stored.label, stored.grants) == ("tests", ["metrics/view", "templates/modify"])


def test_the_command_can_give_everything(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_api_key", "--label", "x", "--all-grants")
    assert set(ApiKey.objects.get().grants) == grants.ALL
    assert len(capsys.readouterr().out) == 41


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--label", "x", "--grant", "metrics/see"], "no such grant: metrics/see. There are: metrics/view"),
        (["--label", " ", "--all-grants"], "--label"),
        (["--label", "x" * 256, "--all-grants"], "--label"),
        (["--label", "x"], "--grant"),
        (["--label", "x", "--grant", "metrics/view", "--all-grants"], "--all-grants"),
    ],
)
def test_the_command_says_what_is_wrong(arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("create_api_key", *arguments)
    assert not ApiKey.objects.exists()


def held(role: str) -> set[str]:
    found = Permission.objects.filter(group__name=role).select_related("content_type")
    return {f"{permission.content_type.app_label}.{permission.codename}" for permission in found}


def test_the_roles_are_there_after_migrating() -> None:
    assert {"tracking.change_option", "tracking.view_option"} <= held(roles.OPERATOR)
    assert not held(roles.MARKETER) & {"tracking.view_option", "accounts.view_apikey", "auth.view_user"}
    assert {"accounts.add_apikey", "auth.change_user", "tracking.change_option"} <= held(roles.ADMINISTRATOR)
    assert held(roles.MARKETER) <= held(roles.OPERATOR) <= held(roles.ADMINISTRATOR)


def test_a_role_is_brought_back_to_the_table_and_the_rest_is_left_alone() -> None:
    marketer = Group.objects.get(name=roles.MARKETER)
    before = held(roles.MARKETER)
    marketer.permissions.add(Permission.objects.get(codename="change_option"))
    marketer.permissions.add(Permission.objects.get(codename="view_apikey"))
    for app in ("tracking", "tracking", "accounts", "transmissions"):
        roles.sync(app)
    assert held(roles.MARKETER) == before | {"accounts.view_apikey"}
    operator = User.objects.create_user("o")
    operator.groups.add(Group.objects.get(name=roles.OPERATOR))
    assert operator.has_perm("tracking.change_option")
    assert not operator.has_perm("accounts.view_apikey")
