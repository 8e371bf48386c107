"""The page with the rules of classification, by Django's client."""

import re
from datetime import timedelta
from html import unescape
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.test import Client

from accounts import roles
from momentum.lib import clock
from tracking import classify, explained, log
from tracking.events import Event, EventType

pytestmark = pytest.mark.django_db

PAGE = "/admin/tracking/traffic-rules/"


@pytest.fixture
def operator() -> Client:
    user = User.objects.create_user("olga", is_staff=True)
    user.groups.add(Group.objects.get(name=roles.OPERATOR))
    client = Client()
    client.force_login(user)
    return client


def store(days_ago: float, *reasons: str, traffic: str = "scanner", **data: Any) -> None:
    happened_at = clock.now() - timedelta(days=days_ago)
    event = Event(
        *(uuid4(), EventType.CLICK, happened_at, 1, "a@b.test"),
        traffic=traffic,
        data=data or {"traffic": {"class": traffic, "reasons": reasons, "rules": 2}},
    )
    with transaction.atomic():
        log.append([event])


def test_the_rules_are_shown_with_meaning_version_and_what_they_explained(operator: Client) -> None:
    store(1, "burst", "no_pixel")
    store(6.9, "burst")
    store(7.1, "burst")
    store(1, traffic="human")
    store(1, "of another shape", x=1)
    assert explained.count() == ({"burst": 2, "no_pixel": 1}, {"scanner": 3, "human": 1})
    page = unescape(operator.get(PAGE).content.decode())
    rules = classify.load({})
    assert f"Version {rules.version}." in page
    for name, rule in (*rules.signs.items(), *rules.agents.items()):
        assert name in page
        assert rule.meaning in page
    after_burst = page[page.index(rules.signs["burst"].meaning) :]
    assert re.findall(r">\s*([^<>]+?)\s*<", after_burst)[:6].count("2") == 1


def test_agents_in_the_file_are_escaped(operator: Client, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "rules.toml"
    file.write_text((classify._DEFAULT_RULES).read_text().replace('"Barracuda"', '"<script>alert(1)</script>"'))
    monkeypatch.setenv("TRAFFIC_RULES", str(file))
    assert "<script>alert(1)" not in operator.get(PAGE).content.decode()


def test_only_those_who_may_see_the_configuration_see_it(operator: Client) -> None:
    stranger = Client()
    stranger.force_login(User.objects.create_user("sten", is_staff=True))
    assert stranger.get(PAGE).status_code == 403
    assert Client().get(PAGE).status_code == 302
    assert operator.post(PAGE).status_code == 405


def test_a_log_that_is_too_long_to_count_is_said_so(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    store(1, "burst")
    monkeypatch.setattr(explained, "_TIMEOUT", "1ms")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    monkeypatch.setattr(explained, "ENGAGEMENT", ["click"] * 200_000)
    page = operator.get(PAGE).content.decode()
    assert "too many hits" in page
