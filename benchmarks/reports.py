"""Unique counts from rollups beside PostgreSQL's own on the event log, and what the Engagement page costs.

One month of a mailer: 1,000,000 messages (or the number given: `python -m benchmarks.reports 200000`), 40
campaigns, some 400 recipient domains, 3.4 events a message. All in an embedded PostgreSQL of the run's own; rounds
are interleaved, so that a machine that drifts drifts for all.
"""

import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

MESSAGES, ROUNDS, DAYS = 1_000_000, 5, 30
START = datetime(2031, 5, 1, tzinfo=UTC)
_SUMMARY = ("count_targeted", "count_accepted", "count_rendered", "count_bounce")
MONTH = (START, START + timedelta(days=DAYS + 1))
OPENS = "('open', 'initial_open', 'click', 'amp_open', 'amp_initial_open', 'amp_click')"

# hashint4 is PostgreSQL's own; it makes the same month every time.
_EVENTS = """
    INSERT INTO tracking_event (event_id, type, happened_at, message, rcpt_to, campaign_id, template_id,
        recipient_domain, sending_domain, link_label, traffic, data)
    SELECT gen_random_uuid(), kind.type, sent.at + kind.after, sent.message, 'r' || sent.message || '@example.net',
        'campaign-' || sent.campaign, 'template-' || sent.campaign %% 5,
        CASE WHEN sent.h %% 10 < 8 THEN 'provider-' || sent.h %% 12 ELSE 'company-' || sent.h %% 2000 END
            || '.example',
        'shop.example.com', CASE WHEN kind.type = 'click' THEN 'link-' || sent.h %% 10 ELSE '' END, 'human',
        CASE WHEN kind.type = 'click' THEN '{"target_link_name":"link"}' ELSE '{}' END::json
    FROM (
        SELECT message, message * 40 / %(messages)s AS campaign, abs(hashint4(message)) AS h,
            %(start)s + message * (interval '1 day' * %(days)s / %(messages)s) AS at
        FROM generate_series(%(first)s, %(last)s) AS message
    ) AS sent
    CROSS JOIN LATERAL (
        VALUES ('injection', interval '0', true), ('delivery', interval '2 seconds', true),
            ('initial_open', (sent.h %% 1440) * interval '1 minute', sent.h %% 100 < 45),
            ('open', (sent.h %% 1440) * interval '1 minute' + interval '9 seconds', sent.h %% 100 < 40),
            ('open', (sent.h %% 999) * interval '1 minute', sent.h %% 100 < 20),
            ('initial_open', (sent.h %% 999) * interval '1 minute', sent.h %% 100 < 20),
            ('click', (sent.h %% 1440) * interval '1 minute' + interval '30 seconds', sent.h %% 100 < 10)
    ) AS kind(type, after, happens)
    WHERE kind.happens
"""


@contextmanager
def database() -> Iterator[None]:
    """An embedded PostgreSQL of our own with all tables, behind Django's connection."""
    home = Path(tempfile.mkdtemp(prefix="momentum-bench-"))
    home.chmod(0o755)
    for variable in ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "SECRET_KEY", "TRACKING_KEYS"):
        os.environ.pop(variable, None)
    os.environ |= {"MOMENTUM_HOME": str(home), "DJANGO_SETTINGS_MODULE": "momentum.settings"}
    from momentum import embedded

    server = embedded.postgres(home).start(home / "postgresql.log")
    try:
        embedded.create_database(home)
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        yield
    finally:
        from django.db import connections

        connections.close_all()
        server.send_signal(signal.SIGINT)
        server.wait(timeout=30)
        shutil.rmtree(home, ignore_errors=True)


def fill(messages: int) -> int:
    """The month's events, in transactions of 20,000 messages; returns how many."""
    from django.db import connection

    from tracking import log

    log.ensure_partitions(START.date(), MONTH[1].date())
    with connection.cursor() as cursor:
        for first in range(0, messages, 20_000):
            last = min(first + 20_000, messages) - 1
            cursor.execute(
                _EVENTS, {"messages": messages, "start": START, "days": DAYS, "first": first, "last": last}
            )
        cursor.execute("VACUUM ANALYZE tracking_event")
        cursor.execute("SELECT count(*) FROM tracking_event")
        return int(cursor.fetchone()[0])


def sql(query: str) -> Callable[[], int]:
    from django.db import connection

    def run() -> int:
        with connection.cursor() as cursor:
            cursor.execute(query, [*MONTH])
            return int(cursor.fetchone()[0])

    return run


def contestants() -> dict[str, Callable[[], int]]:
    """Ways to count the month's unique confirmed opens."""
    from reports import engine
    from reports.questions import Question

    name = "count_unique_confirmed_opened"
    window = "happened_at >= %s AND happened_at < %s"
    return {
        "rollups (bitmaps)": lambda: engine.total(Question((name,), MONTH))[name],
        "COUNT(DISTINCT)": sql(
            f"SELECT count(DISTINCT message) FROM tracking_event WHERE {window} AND type IN {OPENS}"
        ),
        "count of GROUP BY": sql(
            "SELECT count(*) FROM (SELECT message FROM tracking_event "
            f"WHERE {window} AND type IN {OPENS} GROUP BY message) AS once"
        ),
    }


def page(**changes: object) -> Callable[[], int]:
    """The two questions of one Engagement page."""
    from reports import engine
    from reports.pages import funnel, links
    from reports.questions import DETAIL, Filters, Question, equal

    filters = Filters(tuple(equal(field, (str(value),)) for field, value in changes.items() if field != "window"))
    window = changes.get("window", MONTH)

    def run() -> int:
        engine.total(Question(funnel.STEPS, window, filters))  # type: ignore[arg-type]
        return len(engine.grouped(Question(links.METRICS, window, filters, (DETAIL,))))  # type: ignore[arg-type]

    return run


def series(*metrics: str, precision: str = "hour", **filters: str) -> Callable[[], int]:
    """A series over 31 days, as the API and the graphs of Summary ask for it; returns how many intervals it has."""
    from reports import engine, periods
    from reports.questions import Filters, Question, equal

    edges = periods.edges(periods.Window(*MONTH), periods.Precision(precision))
    asked = Filters(tuple(equal(field, (value,)) for field, value in filters.items()))
    return lambda: len(engine.series(Question(metrics, edges, asked)))


def timed(runs: dict[str, Callable[[], int]]) -> dict[str, tuple[float, int]]:
    """Median seconds and the answer of each, over interleaved rounds."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    answers: dict[str, int] = {}
    for _ in range(ROUNDS):
        for name, run in runs.items():
            began = perf_counter()
            answers[name] = run()
            times[name].append(perf_counter() - began)
    return {name: (median(times[name]), answers[name]) for name in runs}


def main(messages: int = MESSAGES) -> None:
    with database():
        from django.db import connection

        from momentum.lib import clock
        from reports import days, rollups

        clock.now = lambda: MONTH[1]
        events = fill(messages)
        began = perf_counter()
        rollups.catch_up()
        seconds = perf_counter() - began
        began = perf_counter()
        while days.condense(quiet=timedelta(0)):
            pass
        condensing = perf_counter() - began
        assert rollups.check() == []
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
            cursor.execute(
                "SELECT (SELECT count(*) FROM reports_fullrollup), (SELECT count(*) FROM reports_campaignrollup)"
            )
            full, campaign = cursor.fetchone()
        print(f"{messages:,} messages, {events:,} events in {DAYS} days")
        print(f"rollups followed at {events / seconds:,.0f} events/s; rows: {full:,} full, {campaign:,} campaign")
        print(f"{DAYS} days condensed in {condensing:.1f} s")

        with connection.cursor() as cursor:
            # What the peers like best: hashes that stay in memory.
            cursor.execute("SET work_mem = '512MB'")
        uniques = timed(contestants())
        assert len({answer for _, answer in uniques.values()}) == 1
        ours = uniques["rollups (bitmaps)"][0]
        print(f"\nunique confirmed opens of the month ({uniques['rollups (bitmaps)'][1]:,})")
        for name, (taken, _) in uniques.items():
            print(f"  {name:<36} {taken * 1000:9.1f} ms   {taken / ours:6.1f}")

        print("\nEngagement page, both questions")
        week = (MONTH[1] - timedelta(days=8), MONTH[1])
        pages = timed(
            {
                "30 days": page(),
                "30 days, one campaign": page(campaign_id="campaign-7"),
                "30 days, one large domain": page(recipient_domain="provider-3.example"),
                "7 days": page(window=week),
                "7 days, one domain": page(window=week, recipient_domain="company-1.example"),
            }
        )
        for name, (taken, _) in pages.items():
            print(f"  {name:<36} {taken * 1000:9.1f} ms")

        print("\nSeries over 31 days")
        lines = timed(
            {
                "by hour, 4 counts": series(*_SUMMARY),
                "by hour, 4 counts, one domain": series(*_SUMMARY, recipient_domain="provider-3.example"),
                "by hour, unique confirmed opens": series("count_unique_confirmed_opened"),
                "by day, 4 counts": series(*_SUMMARY, precision="day"),
            }
        )
        for name, (taken, intervals) in lines.items():
            print(f"  {name:<36} {taken * 1000:9.1f} ms   {intervals} intervals")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
