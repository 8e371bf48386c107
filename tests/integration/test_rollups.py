import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, connections, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from momentum.lib import clock
from reports import days, engine, reading, rollups
from reports.metrics import METRICS, OFFERED
from reports.models import Progress
from reports.questions import Comparison, Condition, Filters, Group, Question, equal
from tests.integration.report_events import NOON, brute_force, clear, make_event, record, worked_example
from tracking import log
from tracking.events import Event, EventType

pytestmark = pytest.mark.django_db(transaction=True)

DAY = (NOON - timedelta(hours=12), NOON + timedelta(hours=12))
DAY_OF_NOON = (NOON.replace(hour=0), NOON.replace(hour=0) + timedelta(days=1))
EVERYTHING = Filters()
EXACT = tuple(sorted(name for name in OFFERED if not METRICS[name].alias_of))


@pytest.fixture(autouse=True)
def _later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON + timedelta(days=30))


def totals(*, window: tuple[datetime, datetime] = DAY, filters: Filters = EVERYTHING) -> dict[str, int]:
    return engine.total(Question(EXACT, window, filters))


def test_the_worked_example_of_the_contract() -> None:
    record(worked_example())
    assert {name: value for name, value in totals().items() if value} == {
        "count_targeted": 3,
        "count_injected": 2,
        "count_rejected": 1,
        "count_generation_rejection": 1,
        "count_admin_bounce": 1,
        "count_sent": 2,
        "count_delivered": 2,
        "count_accepted": 2,
        "count_delivered_first": 1,
        "count_delivered_subsequent": 1,
        "count_delayed": 1,
        "count_delayed_first": 1,
        "total_msg_volume": 2000,
        "total_delivery_time_first": 40,
        "total_delivery_time_subsequent": 9000,
        "count_rendered": 1,
        "count_unique_rendered": 1,
        "count_initial_rendered": 2,
        "count_unique_initial_rendered": 1,
        "count_unique_confirmed_opened": 2,
        "count_clicked": 6,
        "count_unique_clicked": 2,
        "count_raw_clicked": 3,
        "count_open_tracked": 1,
        "count_click_tracked": 2,
        "count_nonprefetched_rendered": 1,
        "count_nonprefetched_unique_rendered": 1,
        "count_nonprefetched_initial_rendered": 2,
        "count_nonprefetched_unique_initial_rendered": 1,
        "count_nonprefetched_unique_confirmed_opened": 2,
    }


def test_links_of_the_worked_example() -> None:
    record(worked_example())
    names = ("count_clicked", "count_raw_clicked")
    assert engine.grouped(Question(names, DAY, group_by=("detail",))) == {
        ("top",): {"count_clicked": 4, "count_raw_clicked": 2},
        ("https://shop.example.com/sale",): {"count_clicked": 2, "count_raw_clicked": 1},
    }


def test_an_alias_has_the_value_of_its_metric() -> None:
    record(worked_example())
    aliases = tuple(name for name in OFFERED if METRICS[name].alias_of)
    exact = totals()
    assert {name: exact[METRICS[name].alias_of] for name in aliases} == engine.total(Question(aliases, DAY))


# Half of them around one noon, the others over three days.
_TIMES = (st.integers(0, 6 * 3600 * 2) | st.integers(0, 72 * 3600 * 2)).map(
    lambda half_seconds: NOON + timedelta(seconds=half_seconds / 2)
)
_EVENTS = st.builds(
    make_event,
    event_id=st.uuids(version=4),
    type=st.sampled_from(EventType),
    happened_at=_TIMES,
    message=st.sampled_from((1, 2, 3, 4, 2**32 + 1, 2**48 - 1)),
    campaign_id=st.sampled_from(("", "spring", "autumn")),
    template_id=st.sampled_from(("", "welcome")),
    recipient_domain=st.sampled_from(("a.test", "b.test")),
    sending_ip=st.sampled_from(("", "192.0.2.1")),
    subject_campaign=st.sampled_from(("", "Hello", "50% off_now")),
    link_label=st.sampled_from(("top", "bottom")),
    bounce_class=st.sampled_from((None, 1, 10, 20, 25, 50, 80, 999)),
    num_retries=st.integers(0, 12),
    msg_size=st.integers(0, 2**40),
    queue_time=st.integers(0, 10**9),
    is_prefetched=st.booleans(),
    traffic=st.sampled_from(("", "human", "prefetch", "scanner", "unknown")),
    sent_with=st.integers(0, 15),
)
_ZONES = st.sampled_from(("UTC", "Asia/Kolkata", "America/New_York", "Asia/Kathmandu"))
_CONDITIONS = st.one_of(
    st.builds(
        Condition,
        st.sampled_from(("campaign_id", "template_id", "recipient_domain", "sending_ip", "subject_campaign")),
        st.sampled_from((Comparison.EQUAL, Comparison.NOT_EQUAL)),
        st.lists(st.sampled_from(("spring", "welcome", "b.test", "192.0.2.1", "Hello")), min_size=1).map(tuple),
    ),
    st.builds(
        Condition,
        st.sampled_from(("campaign_id", "recipient_domain", "subject_campaign")),
        st.sampled_from((Comparison.LIKE, Comparison.NOT_LIKE)),
        st.lists(st.sampled_from(("SPR", "est", "0% ", "f_n", "f.n")), min_size=1).map(tuple),
    ),
)
_GROUPS = st.builds(Group, st.lists(_CONDITIONS, min_size=1, max_size=3).map(tuple), st.booleans())
_FILTERS = st.builds(Filters, st.lists(_GROUPS, max_size=2).map(tuple), st.booleans())


def _holds(condition: Condition, event: Event) -> bool:
    value = getattr(event, condition.field)
    if condition.comparison in (Comparison.EQUAL, Comparison.NOT_EQUAL):
        matched = value in condition.values
    else:
        matched = any(part.lower() in value.lower() for part in condition.values)
    return matched == (condition.comparison in (Comparison.EQUAL, Comparison.LIKE))


def _selected(event: Event, filters: Filters) -> bool:
    if filters.people_only and event.traffic in ("prefetch", "scanner") and "open" in event.type:
        return False
    if filters.people_only and event.traffic in ("prefetch", "scanner") and "click" in event.type:
        return False
    return all(
        (any if group.any_of else all)(_holds(condition, event) for condition in group.conditions)
        for group in filters.groups
    )


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=st.lists(_EVENTS, max_size=40),
    cut=st.integers(0, 40),
    start=st.integers(-30, 390) | st.integers(-1000, 4000),
    length=st.integers(1, 400) | st.integers(1, 5000),
    condensed=st.booleans(),
    filters=_FILTERS,
    zone=_ZONES,
    width=st.sampled_from((1, 5, 15, 60, 24 * 60)),
)
def test_every_metric_equals_brute_force_over_the_events(
    events: list[Event],
    cut: int,
    start: int,
    length: int,
    condensed: bool,
    filters: Filters,
    zone: str,
    width: int,
) -> None:
    clear()
    record(events[:cut])
    condense_all()
    record(events[cut:])
    if condensed:
        condense_all()
    assert rollups.check() == []
    first = NOON + timedelta(minutes=start)
    last = first + timedelta(minutes=length)
    local = first.astimezone(ZoneInfo(zone)).replace(minute=0)
    if width > 60:
        local = first.replace(hour=0, minute=0)
    edges = tuple((local + timedelta(minutes=width * step)).astimezone(UTC) for step in range(8))
    selected = [event for event in events if _selected(event, filters)]
    inside = [event for event in selected if first <= event.happened_at < last]

    assert totals(window=(first, last), filters=filters) == {**brute_force(inside), **_panels()}
    by_campaign = engine.grouped(Question(EXACT, (first, last), filters, ("campaign_id",)))
    for campaign in {event.campaign_id for event in inside}:
        of_campaign = [event for event in inside if event.campaign_id == campaign]
        assert by_campaign[(campaign,)] == {**brute_force(of_campaign), **_panels()}
    for slot, values in enumerate(engine.series(Question(EXACT, edges, filters))):
        in_slot = [event for event in selected if edges[slot] <= event.happened_at < edges[slot + 1]]
        assert values == {**brute_force(in_slot), **_panels()}


def condense_all() -> None:
    while days.condense(quiet=timedelta(0)):
        pass


def _panels() -> dict[str, int]:
    return {name: 0 for name in EXACT if "_panel" in name or "_seed" in name or "_moved_" in name}


def test_a_late_event_lands_in_the_bucket_of_its_own_time() -> None:
    record([make_event(happened_at=NOON, message=1)])
    record([make_event(happened_at=NOON - timedelta(hours=3), message=2)])
    edges = tuple(NOON + timedelta(hours=hours) for hours in (-3, -2, -1, 0, 1))
    counts = [values["count_injected"] for values in engine.series(Question(("count_injected",), edges))]
    assert counts == [1, 0, 0, 1]


def test_a_writer_that_commits_late_is_neither_lost_nor_counted_twice() -> None:
    with closing(connection.copy()) as other, other.cursor() as slow:
        slow.execute("BEGIN")
        slow.execute(
            "INSERT INTO tracking_event (event_id, type, happened_at, message, rcpt_to)"
            " VALUES (gen_random_uuid(), 'injection', %s, 1, 'a@b.test')",
            [NOON],
        )
        record([make_event(message=2)])
        before = totals()["count_injected"]
        slow.execute("COMMIT")
    rollups.catch_up()
    rollups.catch_up()
    assert (before, totals()["count_injected"]) == (0, 2)
    assert rollups.check() == []


def test_several_processes_may_advance_at_once() -> None:
    with transaction.atomic():
        log.append(make_event(message=number) for number in range(3000))
    failures: list[BaseException] = []

    def follow() -> None:
        try:
            for _ in range(20):
                rollups.advance(batch=100)
        except Exception as problem:
            failures.append(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=follow) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(10):
        with transaction.atomic():
            log.append(make_event(type=EventType.OPEN, message=number) for _ in range(5))
        rollups.advance(batch=7)
    for thread in threads:
        thread.join()
    rollups.catch_up()
    found = totals()
    assert failures == []
    assert (found["count_injected"], found["count_rendered"], found["count_unique_rendered"]) == (3000, 50, 10)
    assert rollups.check() == []


@pytest.mark.parametrize("field", ["campaign_id", "recipient_domain"])
def test_condensed_days_answer_instead_of_their_quarter_hours(field: str) -> None:
    values = ("a", "b")
    record(
        make_event(**{"type": EventType.OPEN, "message": number, "happened_at": moment, field: values[number % 2]})
        for number in range(10)
        for moment in (NOON, NOON + timedelta(hours=number), NOON + timedelta(days=1))
    )
    condense_all()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM reports_fullrollup")
        cursor.execute("DELETE FROM reports_campaignrollup")
    window = (DAY_OF_NOON[0] - timedelta(hours=1), DAY_OF_NOON[1] + timedelta(days=1, hours=1))
    found = totals(window=window, filters=Filters((equal(field, ("b",)),)))
    assert (found["count_rendered"], found["count_unique_rendered"]) == (15, 5)
    by_value = engine.grouped(Question(("count_rendered",), window, group_by=(field,)))
    assert by_value == {("a",): {"count_rendered": 15}, ("b",): {"count_rendered": 15}}


def test_a_condensed_day_is_not_used_where_a_bucket_begins_inside_of_it() -> None:
    record(make_event(happened_at=DAY_OF_NOON[0] + timedelta(hours=hour)) for hour in range(24))
    condense_all()
    hours = tuple(DAY_OF_NOON[0] + timedelta(hours=hour) for hour in range(-3, 28))
    counts = [values["count_injected"] for values in engine.series(Question(("count_injected",), hours))]
    assert counts == [0, 0, 0, *[1] * 24, 0, 0, 0]


def test_a_day_is_condensed_once_it_is_over_and_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    midnight = days.day_of(NOON)
    monkeypatch.setattr(clock, "now", lambda: NOON)
    record([make_event(happened_at=NOON), make_event(happened_at=NOON - timedelta(days=1))])
    whole = (midnight - timedelta(days=3), midnight + timedelta(days=3))
    assert days.condensed(*whole).keys() == set()
    monkeypatch.setattr(clock, "now", lambda: NOON + days.QUIET)
    rollups.catch_up()
    assert days.condensed(*whole).keys() == {midnight - timedelta(days=1)}
    monkeypatch.setattr(clock, "now", lambda: midnight + timedelta(days=1))
    rollups.catch_up()
    assert days.condensed(*whole).keys() == {midnight - timedelta(days=1), midnight}


def test_an_event_that_lands_while_its_day_is_condensed_opens_the_day_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    record([make_event(message=1)])
    with transaction.atomic():
        log.append([make_event(message=2)])
    dimension_sets = days._dimension_sets

    def interrupted(table: str, start: datetime) -> list[int]:
        while rollups.advance():
            pass
        return dimension_sets(table, start)

    monkeypatch.setattr(days, "_dimension_sets", interrupted)
    days.condense(quiet=timedelta(0))
    assert not days.condensed(*DAY_OF_NOON)
    assert totals(window=DAY_OF_NOON)["count_injected"] == 2
    condense_all()
    assert days.condensed(*DAY_OF_NOON)
    assert totals(window=DAY_OF_NOON)["count_injected"] == 2


def test_a_day_condensed_anew_while_it_is_read_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    record([make_event(message=1)])
    condense_all()
    add_rollups, interruptions = reading.add_rollups, iter([True])

    def interrupted(*arguments: Any) -> None:
        add_rollups(*arguments)
        if next(interruptions, False):
            record([make_event(message=2)])
            condense_all()

    monkeypatch.setattr(reading, "add_rollups", interrupted)
    assert totals(window=DAY_OF_NOON)["count_injected"] == 2


def test_a_failed_advance_leaves_everything_as_it_was() -> None:
    record([make_event(message=1)])
    with transaction.atomic():
        log.append([make_event(message=2)])

    with transaction.atomic():
        rollups.advance()
        transaction.set_rollback(True)
    assert totals()["count_injected"] == 1
    rollups.catch_up()
    assert totals()["count_injected"] == 2


def test_nothing_is_counted_while_transaction_ids_are_those_of_another_cluster() -> None:
    record([make_event(message=1)])
    Progress.objects.update(next_transaction=2**40)
    record([make_event(message=2)])
    assert totals()["count_injected"] == 1
    assert Progress.objects.get().next_transaction == 2**40
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tracking_event SET xid = '0'")
    rollups.rebuild()
    assert totals()["count_injected"] == 2
    record([make_event(message=3)])
    assert totals()["count_injected"] == 3


def test_check_finds_damage_and_rebuild_mends_it() -> None:
    record(worked_example())
    whole = totals()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE reports_fullrollup SET count = count + 1 WHERE type = 'click'")
        cursor.execute("DELETE FROM reports_campaignrollup WHERE type = 'injection'")
    assert {(found.table, found.type) for found in rollups.check()} == {
        ("reports_fullrollup", "click"),
        ("reports_campaignrollup", "injection"),
    }
    rollups.rebuild()
    assert rollups.check() == []
    assert totals() == whole


def test_rebuilding_keeps_what_retention_has_cut_from_the_log() -> None:
    record([make_event(happened_at=NOON - timedelta(days=20), message=1), make_event(message=2)])
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tracking_event WHERE message = 1")
    rollups.rebuild()
    window = (NOON - timedelta(days=30), NOON + timedelta(days=1))
    assert totals(window=window)["count_injected"] == 2
    rollups.forget_before(NOON)
    assert totals(window=window)["count_injected"] == 1


def test_a_window_older_than_the_log_takes_in_whole_quarter_hours() -> None:
    old = NOON - timedelta(days=20)
    record([make_event(happened_at=old + timedelta(minutes=minute)) for minute in (1, 20, 44, 46)])
    record([make_event(happened_at=NOON + timedelta(minutes=minute)) for minute in (1, 8)])
    minutes = timedelta(minutes=5), timedelta(minutes=40)
    assert totals(window=(old + minutes[0], old + minutes[1]))["count_injected"] == 1
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM tracking_event WHERE happened_at < %s", [NOON])
    assert totals(window=(old + minutes[0], old + minutes[1]))["count_injected"] == 3
    assert totals(window=(NOON + minutes[0], NOON + minutes[1]))["count_injected"] == 1


def test_the_age_is_that_of_the_last_time_nothing_was_left(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rollups.age() is None
    record([make_event()])
    assert rollups.age() == timedelta(0)
    later = clock.now() + timedelta(seconds=9)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert rollups.age() == timedelta(seconds=9)


def test_a_filter_of_the_only_account() -> None:
    record([make_event()])
    assert totals(filters=Filters((equal("subaccount_id", ("0", "7")),)))["count_injected"] == 1
    assert totals(filters=Filters((equal("subaccount_id", ("7",)),)))["count_injected"] == 0
