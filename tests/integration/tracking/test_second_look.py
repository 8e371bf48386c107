"""Verdicts that change once more is known; rollups, which have to follow; unsubscriptions, which wait."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from redis import Redis

from momentum.lib import clock, ids
from reports import days, engine, rollups
from reports.questions import Filters, Question
from tests.unit.tracking.builders import RING, SEALER, SENT_AT, make_link_part, make_message_part
from tracking import classify, revisions, second_look, signs, stream
from tracking.hits import Hit
from tracking.judging import seen_of
from tracking.models import Option, SecondLook
from tracking.recorder import Recorder
from tracking.tokens import CLICK_KINDS, Kind

pytestmark = pytest.mark.django_db(transaction=True)

RULES = classify.load({})
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140 Safari/537.36"
AT = SENT_AT + 3600
WINDOW = (datetime.fromtimestamp(AT - 7200, UTC), datetime.fromtimestamp(AT + 7200, UTC))
UNIQUE = (
    "count_clicked",
    "count_unique_clicked",
    "count_rendered",
    "count_unique_confirmed_opened",
    "count_raw_clicked",
)


@pytest.fixture(autouse=True)
def details_kept(settings: Any) -> None:
    """The hits of these tests are of a fixed day, which moves away."""
    settings.HIT_DETAILS_KEPT_DAYS = 36_500


@pytest.fixture
def redis() -> Iterator["Redis"]:
    client = Redis.from_url(settings.REDIS_LOCATION)
    client.delete(stream.STREAM, stream.DEAD_LETTERS)
    yield client
    client.delete(stream.STREAM, stream.DEAD_LETTERS)
    client.close()


@pytest.fixture
def recorder(redis: "Redis", details_kept: None) -> Recorder:
    recorder = Recorder(redis, RING, settings.MOMENTUM_HOME, wait_for_dead_ms=1)
    recorder.run_once(wait_ms=1)
    return recorder


def hit(
    at: float = AT, address: str = "203.0.113.9", agent: str = FIREFOX, message: int = 4711, **link: Any
) -> Hit:
    head = link.pop("head", False)
    at_ms = int(at * 1000)
    number = link.get("position", 1)
    part = make_link_part(**{"url": f"https://shop.test/{number}", "label": f"l{number}", **link})
    return Hit(
        *(ids.hit_event_id(at_ms).bytes, at_ms, SEALER.message_part(make_message_part(message=message))),
        *(SEALER.link_part(part), address, agent),
        head=head,
    )


def record(redis: "Redis", recorder: Recorder, *batches: list[Hit]) -> None:
    """Each batch in a round of its own."""
    for hits in batches:
        for value in stream.entries([stream.hit_frame(one) for one in hits]):
            redis.xadd(stream.STREAM, {stream.FIELD: value})
        recorder.run_once(wait_ms=1)


def look_and_follow() -> None:
    while second_look.step(RULES):
        pass
    while rollups.advance():
        pass


def rows(columns: str = "type, traffic") -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM tracking_event ORDER BY happened_at, type, event_id")
        return cursor.fetchall()


def people(people_only: bool = True) -> dict[str, int]:
    return engine.total(Question(UNIQUE, WINDOW, Filters(people_only=people_only)))


def later(monkeypatch: pytest.MonkeyPatch, at: float) -> None:
    monkeypatch.setattr(clock, "now", lambda: datetime.fromtimestamp(at, UTC))


def test_a_scanners_first_hits_are_revised_when_the_burst_shows(redis: "Redis", recorder: Recorder) -> None:
    opened = hit(AT - 1, kind=Kind.OPEN, url="")
    record(redis, recorder, [opened], *([hit(AT + n / 4, position=n)] for n in range(1, 5)))
    record(redis, recorder, [hit(AT + 900, address="198.51.100.1", position=1)])
    while rollups.advance():
        pass
    assert [traffic for _, traffic in rows()] == ["human"] * 6
    assert people()["count_clicked"] == 5
    look_and_follow()
    assert rows() == [("open", "scanner"), *[("click", "scanner")] * 4, ("click", "human")]
    assert people() == {
        "count_clicked": 1,
        "count_unique_clicked": 1,
        "count_rendered": 0,
        "count_unique_confirmed_opened": 1,
        "count_raw_clicked": 1,
    }
    assert people(people_only=False)["count_clicked"] == 5
    assert rollups.check() == []
    ((reasons, version),) = {
        row for row in rows("data->'traffic'->>'reasons', data->'traffic'->>'rules'") if "burst" in row[0]
    }
    assert (reasons, version) == ('["burst","no_pixel"]', "2") or "burst" in reasons


def test_other_fields_of_a_revised_event_stay_as_they_are(redis: "Redis", recorder: Recorder) -> None:
    record(redis, recorder, *([hit(AT + n / 4, position=n)] for n in range(1, 5)))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE tracking_event SET data = replace(data::text, 'u-7', 'erased')::json")
    before = rows("(data::jsonb - 'traffic')::text, xid::text")
    look_and_follow()
    assert rows("(data::jsonb - 'traffic')::text, xid::text") == before
    assert {traffic for _, traffic in rows()} == {"scanner"}


_HITS = st.lists(
    st.tuples(
        st.integers(0, 40) | st.integers(0, 8000),
        st.sampled_from((1, 2)),
        st.sampled_from((0, 1, 2, 3, 4, 5)),
        st.sampled_from(("203.0.113.9", "198.51.100.1", "192.0.2.1")),
        st.sampled_from((FIREFOX, CHROME, "", "curl/8", "Mozilla/5.0")),
    ),
    max_size=25,
)


@examples(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(described=_HITS, cuts=st.lists(st.integers(0, 25), max_size=4))
def test_rollups_and_verdicts_equal_brute_force_whatever_the_batches(
    redis: "Redis", recorder: Recorder, described: list[Any], cuts: list[int]
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE tracking_event, tracking_revision, tracking_held_event")
    SecondLook.objects.all().delete()
    rollups.rebuild()
    rollups_cleared()
    hits = [
        hit(AT + half / 2, address, agent, message, **_link(link))
        for half, message, link, address, agent in described
    ]
    edges = [0, *sorted(min(cut, len(hits)) for cut in cuts), len(hits)]
    for start, end in pairwise(edges):
        if start < end:
            record(redis, recorder, hits[start:end])
        look_and_follow()
    look_and_follow()
    assert revisions.waiting() == 0
    expected = _expected(hits)
    logged = rows("event_id, traffic")
    assert {bytes(event_id.bytes): traffic for event_id, traffic in logged} == expected
    machines = {one.event_id for one in hits if expected[one.event_id] in ("prefetch", "scanner")}
    for only_people, condensed in ((True, False), (False, False), (True, True)):
        if condensed:
            while days.condense(timedelta(seconds=-1)):
                pass
        counted = [one for one in hits if not (only_people and one.event_id in machines)]
        clicks = [one for one in counted if _opened(one)[1].kind in CLICK_KINDS]
        assert people(only_people) == {
            "count_clicked": len(clicks),
            "count_unique_clicked": len({_opened(one)[0].message for one in clicks}),
            "count_rendered": len(counted) - len(clicks),
            "count_unique_confirmed_opened": len({_opened(one)[0].message for one in counted}),
            "count_raw_clicked": len({(_opened(one)[0].message, _opened(one)[1].label) for one in clicks}),
        }
    assert rollups.check() == []


def rollups_cleared() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE reports_fullrollup, reports_campaignrollup, reports_fullday, reports_campaignday, reports_day"
        )


def _link(number: int) -> dict[str, Any]:
    return {"position": number} if number else {"kind": Kind.OPEN, "url": ""}


def _opened(one: Hit) -> Any:
    from tracking.tokens import open_token

    return open_token(RING, one.message_part, one.link_part)


def _expected(hits: list[Hit]) -> dict[bytes, str]:
    found: dict[bytes, str] = {}
    for number in (1, 2):
        ours = [one for one in hits if _opened(one)[0].message == number]
        judged = signs.verdicts([seen_of(one, *_opened(one)) for one in ours], RULES)
        found |= {one.event_id: verdict.traffic.value for one, verdict in zip(ours, judged, strict=True)}
    return found


def test_an_unsubscription_waits_for_the_burst_to_show(
    redis: "Redis", recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, AT + 1)
    record(redis, recorder, [hit(AT, position=9, unsubscribe=True)])
    look_and_follow()
    assert rows() == [("click", "human")]
    record(redis, recorder, [hit(AT + 0.5, position=1)], [hit(AT + 1, position=2), hit(AT + 1.2, position=3)])
    later(monkeypatch, AT + 60)
    look_and_follow()
    assert rows() == [("click", "scanner")] * 4


def test_a_person_who_follows_the_link_is_unsubscribed_after_the_wait_and_once(
    redis: "Redis", recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, AT + 1)
    unsubscribing = hit(AT, position=9, unsubscribe=True)
    record(redis, recorder, [unsubscribing])
    later(monkeypatch, AT + RULES.unsubscribe_hold_s + 0.1)
    look_and_follow()
    record(redis, recorder, [unsubscribing])
    later(monkeypatch, AT + 60)
    look_and_follow()
    assert rows() == [("click", "human"), ("link_unsubscribe", "human")]


@pytest.mark.parametrize("agent", ["Mozilla/5.0", "Barracuda Sentinel (EE)", "Mozilla/5.0 HeadlessChrome/140.0"])
def test_a_scanner_never_unsubscribes_anyone(
    redis: "Redis", recorder: Recorder, monkeypatch: pytest.MonkeyPatch, agent: str
) -> None:
    record(redis, recorder, [hit(AT, agent=agent, unsubscribe=True)])
    later(monkeypatch, AT + 60)
    look_and_follow()
    assert [kind for kind, _ in rows()] == ["click"]


def test_a_burst_unsubscribes_nobody_while_clicks_are_switched_off(redis: "Redis", recorder: Recorder) -> None:
    Option.objects.create(name="click_tracking", value=False)
    record(redis, recorder, [hit(AT + n / 4, position=n, unsubscribe=n == 4) for n in range(1, 5)])
    look_and_follow()
    assert rows() == []


def test_a_spool_of_old_hits_unsubscribes_nobody_before_the_flock_is_there(
    redis: "Redis", recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    later(monkeypatch, AT + 90_000)
    record(redis, recorder, [hit(AT, position=9, unsubscribe=True)])
    look_and_follow()
    record(redis, recorder, [hit(AT + n / 4, position=n) for n in range(1, 4)])
    later(monkeypatch, AT + 90_060)
    look_and_follow()
    assert rows() == [("click", "scanner")] * 4


def test_a_head_before_the_click_tells_a_machine(redis: "Redis", recorder: Recorder) -> None:
    record(redis, recorder, [hit(AT - 1, head=True)], [hit(AT)], [hit(AT + 1, agent=CHROME)])
    assert rows() == [("click", "scanner"), ("click", "human")]
    look_and_follow()
    assert rows() == [("click", "scanner"), ("click", "human")]
