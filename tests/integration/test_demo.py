"""The invented month: figures are those of what was invented, and nothing of it can reach anybody."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from momentum.lib import clock
from momentum.management.demo import filling
from momentum.management.demo.mailings import DESIGNS
from momentum.management.demo.people import invented
from reports import engine, rollups
from reports.questions import Filters, Question, equal
from tests.integration.report_events import brute_force
from tracking import log
from tracking.events import Event
from transmissions.generation import check_content
from transmissions.models import Template, Transmission
from transmissions.stored_content import stored_as_content

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2031, 5, 20, 15, 7, 3, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


@pytest.fixture
def invented_events(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """What the demo hands to the event log, as it hands it over."""
    seen: list[Event] = []
    append = log.append

    def noting(events: list[Event]) -> int:
        seen.extend(events)
        return append(events)

    monkeypatch.setattr(log, "append", noting)
    return seen


def test_figures_are_those_of_what_was_invented(invented_events: list[Event]) -> None:
    told = filling.fill(seed=3, days=12, recipients=250)
    assert len({event.event_id for event in invented_events}) == len(invented_events) == told.events.total()
    expected = brute_force(invented_events)
    edges = (NOW - timedelta(days=20), NOW + timedelta(days=1))
    assert engine.total(Question(tuple(expected), edges)) == expected
    for campaign in {event.campaign_id for event in invented_events}:
        of_campaign = brute_force(event for event in invented_events if event.campaign_id == campaign)
        filters = Filters((equal("campaign_id", (campaign,)),))
        assert engine.total(Question(tuple(of_campaign), edges, filters)) == of_campaign
    assert rollups.check() == []
    # Something of everything.
    for name in (
        *("count_bounce", "count_delayed", "count_delivered_subsequent", "count_outofband_bounce"),
        *("count_unique_clicked", "count_nonprefetched_rendered"),
    ):
        assert expected[name] > 0, name
    assert {event.traffic for event in invented_events} >= {"", "human", "prefetch", "scanner"}
    assert expected["count_nonprefetched_rendered"] < expected["count_rendered"]
    assert all(event.happened_at < NOW + timedelta(seconds=1) for event in invented_events)


def test_the_same_seed_invents_the_same(invented_events: list[Event]) -> None:
    def shape() -> list[tuple[object, ...]]:
        return [(event.type, event.happened_at, event.rcpt_to, event.link_label) for event in invented_events]

    filling.fill(seed=5, days=3, recipients=40)
    first = shape()
    invented_events.clear()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE tracking_event")
    Transmission.objects.all().delete()
    filling.fill(seed=5, days=3, recipients=40)
    assert shape() == first


def test_it_refuses_to_mix_with_mail_that_is_there() -> None:
    call_command("demo", "--days", "1", "--recipients", "20", stdout=None)
    sent = Transmission.objects.count()
    assert sent > 0
    with pytest.raises(CommandError, match="--force"):
        call_command("demo", "--days", "1", "--recipients", "20")
    assert Transmission.objects.count() == sent
    call_command("demo", "--days", "1", "--recipients", "20", "--force")
    assert Transmission.objects.count() == 2 * sent
    with pytest.raises(CommandError, match="between"):
        call_command("demo", "--days", "0", "--force")


def test_templates_could_be_sent_and_addresses_reach_nobody() -> None:
    filling.fill(seed=1, days=1, recipients=10)
    assert set(Template.objects.values_list("key", flat=True)) == set(DESIGNS)
    for template in Template.objects.all():
        version = template.versions.get(is_draft=False)
        assert check_content(stored_as_content(version.content)) == []
    people = invented(500, random.Random(9))
    assert all(person.email.endswith(".example") for person in people)
    assert len({person.email for person in people}) == 500
