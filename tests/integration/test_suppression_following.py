"""Entries that come by themselves, from the event log (contract 95 §1, "Automatic entries"; 50 §9)."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection, transaction
from redis import Redis

from momentum.lib import clock, ids
from tests.unit.tracking.builders import RING, SEALER, make_link_part, make_message_part
from tracking import log, second_look, stream
from tracking.events import Event, EventType
from tracking.hits import Hit
from tracking.models import Option
from tracking.recorder import Recorder
from tracking.tokens import Kind
from transmissions.models import Follower, Suppression
from transmissions.suppression import following, store
from transmissions.suppression.store import Entry, Key

pytestmark = pytest.mark.django_db(transaction=True)

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
MARKETING = {"non_transactional"}


def make_event(event_type: EventType, **changes: Any) -> Event:
    return Event(
        **{
            "event_id": uuid4(),
            "type": event_type,
            "happened_at": clock.now(),
            "message": 4711,
            "rcpt_to": "ines@example.net",
            "campaign_id": "spring-31",
            "data": {"message_id": "69a54b4c000000001267"},
            **changes,
        }
    )


def record(*events: Event) -> None:
    with transaction.atomic():
        log.append(events)


def follow() -> None:
    while following.advance():
        pass


def entries() -> set[tuple[str, str, str, str]]:
    return set(Suppression.objects.values_list("recipient", "type", "list_id", "source"))


def as_entries(types: set[str], source: str, list_id: str = "") -> set[tuple[str, str, str, str]]:
    return {("ines@example.net", kind, list_id, source) for kind in types}


def test_a_bounce_tells_its_reason_and_the_others_their_message() -> None:
    record(
        make_event(EventType.BOUNCE, bounce_class=10, reason="550 5.1.1 user unknown"),
        make_event(EventType.SPAM_COMPLAINT, rcpt_to="bo@example.net"),
        make_event(EventType.BOUNCE, bounce_class=10, reason="ä" * 1000, rcpt_to="long@example.net"),
    )
    follow()
    described = dict(Suppression.objects.filter(type="non_transactional").values_list("recipient", "description"))
    assert described == {
        "ines@example.net": "550 5.1.1 user unknown",
        "bo@example.net": "campaign spring-31, message 69a54b4c000000001267",
        "long@example.net": "ä" * 512,
    }


def test_each_event_counts_once(monkeypatch: pytest.MonkeyPatch) -> None:
    record(make_event(EventType.LINK_UNSUBSCRIBE))
    follow()
    Suppression.objects.all().delete()
    follow()
    assert entries() == set(), "whoever was let in again stays in"


def test_a_repeat_refreshes_the_entry(monkeypatch: pytest.MonkeyPatch) -> None:
    record(make_event(EventType.LINK_UNSUBSCRIBE))
    follow()
    before = Suppression.objects.get()
    later = clock.now() + timedelta(hours=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    record(make_event(EventType.LINK_UNSUBSCRIBE))
    follow()
    after = Suppression.objects.get()
    assert (after.created_at, after.updated_at) == (before.created_at, later)


def test_the_latest_event_gives_the_source() -> None:
    now = clock.now()
    record(
        make_event(EventType.SPAM_COMPLAINT, happened_at=now),
        make_event(EventType.LIST_UNSUBSCRIBE, happened_at=now - timedelta(minutes=1)),
    )
    follow()
    assert entries() == as_entries(MARKETING, "Spam Complaint")


def test_compliance_entries_are_left_alone() -> None:
    moment = clock.now() - timedelta(days=1)
    Suppression.objects.create(
        recipient="ines@example.net",
        type="non_transactional",
        source="Compliance",
        created_at=moment,
        updated_at=moment,
    )
    record(make_event(EventType.LINK_UNSUBSCRIBE), make_event(EventType.LINK_UNSUBSCRIBE, rcpt_to="bo@example.net"))
    follow()
    assert Suppression.objects.get(recipient="ines@example.net").updated_at == moment
    assert Suppression.objects.get(recipient="bo@example.net").source == "Unsubscribe Link"


def test_a_follower_that_dies_starts_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def dying(*_: Any, **__: Any) -> None:
        raise Killed

    follow()
    record(make_event(EventType.LINK_UNSUBSCRIBE))
    with monkeypatch.context() as patched:
        patched.setattr(Follower, "save", dying)
        with pytest.raises(Killed):
            follow()
    assert entries() == set()
    follow()
    assert entries() == as_entries(MARKETING, "Unsubscribe Link")


def test_small_batches_come_to_the_same() -> None:
    for number in range(7):
        record(
            make_event(EventType.LINK_UNSUBSCRIBE, rcpt_to=f"r{number}@example.net"),
            make_event(EventType.OPEN, rcpt_to=f"r{number}@example.net"),
        )
    rounds = 1
    while following.advance(batch=2):
        rounds += 1
    assert rounds >= 3
    assert Suppression.objects.count() == 7


def test_a_writer_that_commits_late_is_not_missed() -> None:
    written, may_commit = threading.Event(), threading.Event()

    def slow_writer() -> None:
        with transaction.atomic():
            log.append([make_event(EventType.LINK_UNSUBSCRIBE)])
            written.set()
            may_commit.wait(20)
        connection.close()

    writer = threading.Thread(target=slow_writer)
    writer.start()
    assert written.wait(20)
    record(make_event(EventType.LINK_UNSUBSCRIBE, rcpt_to="later@example.net"))
    follow()
    may_commit.set()
    writer.join(20)
    follow()
    assert {recipient for recipient, *_ in entries()} == {"ines@example.net", "later@example.net"}


def test_only_one_follower_is_at_it() -> None:
    record(make_event(EventType.LINK_UNSUBSCRIBE))
    held, may_go = threading.Event(), threading.Event()

    def other() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [following._LOCK])
            held.set()
            may_go.wait(20)
        connection.close()

    holder = threading.Thread(target=other)
    holder.start()
    assert held.wait(20)
    assert following.advance() is False
    assert entries() == set()
    may_go.set()
    holder.join(20)
    follow()
    assert len(entries()) == 1


def test_writers_that_meet_each_other_take_turns() -> None:
    addresses = [f"r{number}@example.net" for number in range(300)]
    problems: list[BaseException] = []

    def write(order: list[str]) -> None:
        try:
            for kind in ("transactional", "non_transactional") * 4:
                keys = [Key(address, kind) for address in order]
                store.change({key: Entry("Manually Added") for key in keys[:200]}, keys[200:])
        except BaseException as problem:
            problems.append(problem)
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=(order,)) for order in (addresses, addresses[::-1]) * 2]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert problems == []
    assert 400 <= Suppression.objects.count() <= 600


# Through the recorder: from the hit to the entry.


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    client = Redis.from_url(settings.REDIS_LOCATION)
    client.delete(stream.STREAM, stream.DEAD_LETTERS)
    recorder = Recorder(client, RING, settings.MOMENTUM_HOME, wait_for_dead_ms=1)
    recorder.run_once(wait_ms=1)
    yield recorder
    client.delete(stream.STREAM, stream.DEAD_LETTERS)
    client.close()


def deliver(*hits: Hit) -> None:
    with Redis.from_url(settings.REDIS_LOCATION) as client:
        for value in stream.entries([stream.hit_frame(one) for one in hits]):
            client.xadd(stream.STREAM, {stream.FIELD: value})


def decide() -> None:
    """Let the time pass that an unsubscription by link is held back (docs/tracking.md)."""
    later = clock.now() + timedelta(seconds=30)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "now", lambda: later)
        while second_look.step():
            pass


def hit(recorder: Recorder, agent: str = FIREFOX, age: timedelta = timedelta(hours=1), **link: Any) -> None:
    """Somebody follows a link of a message sent `age` ago."""
    prefetch = link.pop("prefetch", False)
    now = clock.now()
    sent_at = int((now - age).timestamp())
    message = make_message_part(sent_at=sent_at, block_time=sent_at, rcpt_to="Ines@Example.net")
    token = SEALER.message_part(message), SEALER.link_part(make_link_part(**link))
    at_ms = int(now.timestamp() * 1000)
    one = Hit(ids.hit_event_id(at_ms).bytes, at_ms, *token, "203.0.113.9", agent, prefetch=prefetch)
    deliver(one)
    recorder.run_once(wait_ms=50)
    decide()
    follow()


def test_following_an_unsubscribe_link_unsubscribes(recorder: Recorder) -> None:
    hit(recorder)
    assert entries() == set()
    hit(recorder, unsubscribe=True)
    assert entries() == as_entries(MARKETING, "Unsubscribe Link")


@pytest.mark.parametrize("agent", ["", FIREFOX, "Mozilla/5.0", "HeadlessChrome/130.0"])
def test_the_mail_clients_unsubscribe_function_unsubscribes(recorder: Recorder, agent: str) -> None:
    hit(recorder, agent=agent, kind=Kind.LIST_UNSUBSCRIBE, url="", name="")
    assert entries() == as_entries(MARKETING, "List Unsubscribe")


@pytest.mark.parametrize(
    "hit_by", [{"prefetch": True}, {"agent": "Mozilla/5.0"}, {"agent": "Barracuda Sentinel (EE)"}], ids=str
)
def test_machines_unsubscribe_nobody(recorder: Recorder, hit_by: dict[str, Any]) -> None:
    hit(recorder, unsubscribe=True, **hit_by)
    assert entries() == set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT type FROM tracking_event")
        assert cursor.fetchall() == [("click",)]


def test_a_scanner_that_follows_every_link_unsubscribes_nobody(recorder: Recorder) -> None:
    now = clock.now()
    at_ms, sent_at = int(now.timestamp() * 1000), int(now.timestamp()) - 2
    message = SEALER.message_part(make_message_part(sent_at=sent_at, block_time=sent_at))
    links = [make_link_part(position=number, unsubscribe=number == 9) for number in range(1, 12)]
    deliver(
        *(
            Hit(ids.hit_event_id(at_ms).bytes, at_ms, message, SEALER.link_part(link), "203.0.113.9", FIREFOX)
            for link in links
        )
    )
    for _ in range(30):
        recorder.run_once(wait_ms=50)
    decide()
    follow()
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT type FROM tracking_event")
        assert cursor.fetchall() == [("click",)]
    assert entries() == set()


def test_an_expired_link_unsubscribes_nobody(recorder: Recorder) -> None:
    Option.objects.create(name="tracking_link_expiry", value=3600)
    hit(recorder, age=timedelta(hours=2), unsubscribe=True)
    hit(recorder, age=timedelta(hours=2), kind=Kind.LIST_UNSUBSCRIBE, url="", name="")
    assert entries() == set()


def test_the_list_of_the_message_is_the_one_left(recorder: Recorder) -> None:
    sent = make_event(
        EventType.INJECTION, happened_at=clock.now() - timedelta(hours=1), data={"list_id": "news.example.org"}
    )
    record(sent)
    hit(recorder, unsubscribe=True)
    assert entries() == as_entries(MARKETING, "Unsubscribe Link", "news.example.org")
