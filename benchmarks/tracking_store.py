"""Hits in the stream to rows in the event log: the recorder beside a bare COPY and bulk_create of the same rows."""

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402 (Django has to be set up first)
from django.core.management import call_command  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from redis import Redis  # noqa: E402

from momentum.lib import ids  # noqa: E402
from tracking import keys, log, retention, stream  # noqa: E402
from tracking.events import Event, EventType  # noqa: E402
from tracking.hits import Hit  # noqa: E402
from tracking.recorder import Recorder  # noqa: E402
from tracking.tokens import Kind, LinkPart, MessagePart, Sealer  # noqa: E402

ROUNDS, EVENTS, HITS_AN_ENTRY = 3, 20_000, 25
AGENTS = [
    f"Mozilla/5.0 (X11; Linux x86_64; rv:{version}.0) Gecko/20100101 Firefox/{version}.0"
    for version in range(100, 140)
]


class PeerEvent(models.Model):
    """The event log's columns as a model, in a table without partitions, key or indexes."""

    event_id = models.UUIDField(primary_key=True)
    type = models.TextField()
    happened_at = models.DateTimeField()
    message = models.BigIntegerField()
    rcpt_to = models.TextField()
    transmission = models.BigIntegerField(null=True)
    campaign_id = models.TextField()
    template_id = models.TextField()
    recipient_domain = models.TextField()
    sending_domain = models.TextField()
    sending_ip = models.TextField()
    ip_pool = models.TextField()
    mailbox_provider = models.TextField()
    mailbox_provider_region = models.TextField()
    subject_campaign = models.TextField()
    link_label = models.TextField()
    reason = models.TextField()
    bounce_class = models.SmallIntegerField(null=True)
    num_retries = models.IntegerField()
    msg_size = models.BigIntegerField()
    queue_time = models.BigIntegerField()
    is_prefetched = models.BooleanField()
    traffic = models.TextField()
    sent_with = models.SmallIntegerField()
    data = models.JSONField()

    class Meta:
        app_label = "peers"

    def __str__(self) -> str:
        return f"{self.type} of message {self.message}"


def main() -> None:
    call_command("migrate", verbosity=0)
    retention.keep_partitions()
    with connection.schema_editor() as editor:
        editor.create_model(PeerEvent)
    client = Redis.from_url(settings.REDIS_LOCATION)
    ring = keys.load(settings.MOMENTUM_HOME, settings.TRACKING_KEYS)
    recorder = Recorder(client, ring, settings.MOMENTUM_HOME)
    recorder.run_once(wait_ms=1)
    ways: dict[str, Callable[[list[Event]], None]] = {
        "bare COPY, no index": _copy,
        "bare COPY into the log": _copy_into_the_log,
        "bulk_create": _bulk_create,
    }
    times: dict[str, list[float]] = {}
    used: dict[str, list[float]] = {}
    for number in range(ROUNDS):
        _fill(client, Sealer(ring), number)
        with _timed("recorder: stream to event log", times, used):
            while client.xlen(stream.STREAM):
                recorder.run_once(wait_ms=1)
        events = _events()
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE tracking_event")
        for name, store in ways.items():
            with _timed(name, times, used), transaction.atomic():
                store(events)
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE tracking_event, peers_peerevent")
    rates = {name: EVENTS / statistics.median(taken) for name, taken in times.items()}
    ours = rates["recorder: stream to event log"]
    for name, rate in rates.items():
        ratio = "" if rate == ours else f"   the recorder makes {ours / rate:.2f} times that"
        processor = statistics.median(used[name]) / EVENTS * 1e6
        print(f"{name:30} {rate:>8,.0f} events/s   {processor:>4.0f} µs of our processor an event{ratio}")


@contextmanager
def _timed(name: str, times: dict[str, list[float]], used: dict[str, list[float]]) -> Iterator[None]:
    started, started_processor = time.perf_counter(), time.process_time()
    yield
    times.setdefault(name, []).append(time.perf_counter() - started)
    used.setdefault(name, []).append(time.process_time() - started_processor)


def _fill(client: Any, sealer: Sealer, number: int) -> None:
    now = int(time.time())
    links = [
        sealer.link_part(
            LinkPart(kind=Kind.CLICK, transmission=1, url=f"https://shop.test/{n}", name=f"link {n}", position=n)
        )
        for n in range(10)
    ]
    frames = []
    for index in range(EVENTS):
        message = number * EVENTS + index
        part = MessagePart(
            *(1, message, now - 9000, now - 9000, f"r{message}@example.net"), metadata={"uid": f"u-{message}"}
        )
        hit = Hit(
            *(ids.hit_event_id(now * 1000).bytes, now * 1000, sealer.message_part(part), links[index % 10]),
            *("203.0.113.9", AGENTS[index % 40]),
        )
        frames.append(stream.hit_frame(hit))
    pipe = client.pipeline(transaction=False)
    for start in range(0, EVENTS, HITS_AN_ENTRY):
        pipe.xadd(stream.STREAM, {stream.FIELD: stream.entries(frames[start : start + HITS_AN_ENTRY])[0]})
    pipe.execute()


def _events() -> list[Event]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(log.COLUMNS)} FROM tracking_event")
        rows = cursor.fetchall()
    if len(rows) != EVENTS:
        raise SystemExit(f"the recorder stored {len(rows)} of {EVENTS} events")
    named = (dict(zip(log.COLUMNS, row, strict=True)) for row in rows)
    return [Event(**values | {"type": EventType(values["type"])}) for values in named]


def _values(event: Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in log.COLUMNS}


def _copy(events: list[Event]) -> None:
    with connection.cursor() as wrapped:
        cursor = wrapped.cursor
        cursor.execute("CREATE TEMPORARY TABLE copied (LIKE tracking_event INCLUDING DEFAULTS) ON COMMIT DROP")
        with cursor.copy(f"COPY copied ({', '.join(log.COLUMNS)}) FROM STDIN") as copy:
            for event in events:
                copy.write_row(log.row(event))


def _copy_into_the_log(events: list[Event]) -> None:
    with (
        connection.cursor() as wrapped,
        wrapped.cursor.copy(f"COPY tracking_event ({', '.join(log.COLUMNS)}) FROM STDIN") as copy,
    ):
        for event in events:
            copy.write_row(log.row(event))


def _bulk_create(events: list[Event]) -> None:
    PeerEvent.objects.bulk_create([PeerEvent(**_values(event)) for event in events], batch_size=1000)


if __name__ == "__main__":
    main()
