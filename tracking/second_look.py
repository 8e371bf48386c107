"""The second look: once hits are in the log, judge them again in the company of all hits of their message.

The recorder sees what arrives together; a burst may be spread over batches and recorders, and a scanner's first hit
looks like a person's. The second look follows the log by transaction ids, as rollups do, and proposes revisions.
"""

from functools import lru_cache

from django.db import connection, transaction

from tracking import holding, log, logged_hits, revisions
from tracking.classify import Rules, load
from tracking.logged_hits import ENGAGEMENT, Span
from tracking.models import SecondLook

# Any number that nothing else in the database locks.
_LOCK = 0x4D6F6D6C6F6F6B
_MESSAGES_AT_ONCE = 2000


def step(rules: Rules | None = None) -> bool:
    """Look at the messages of the next finished transactions, and decide on unsubscriptions that are due.

    Returns True when there is more to do at once; False when caught up, or when another process is at it.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [_LOCK])
        if not cursor.fetchone()[0]:
            return False
        rules = rules or _rules_in_force()
        released = holding.release(rules)
        progress, _ = SecondLook.objects.get_or_create(id=1)
        horizon = log.finished_horizon()
        end = log.transaction_after(progress.next_transaction, horizon, _MESSAGES_AT_ONCE, ENGAGEMENT)
        fresh = _fresh(progress.next_transaction, end, rules)
        changed = logged_hits.changed(logged_hits.judged_again(fresh, rules))
        revisions.propose([(hit.event_id, hit.happened_at, verdict) for hit, verdict in changed])
        if fresh or end < horizon or end - progress.next_transaction > 1000:
            SecondLook.objects.filter(id=1).update(next_transaction=end)
        return end < horizon or released > 0


@lru_cache(maxsize=1)
def _rules_in_force() -> Rules:
    return load()


def _fresh(start: int, end: int, rules: Rules) -> dict[int, Span]:
    """Messages with new hits, and when a hit's verdict may be another for it. Their only hit says nothing new."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH fresh AS (SELECT message, min(happened_at) AS s, max(happened_at) AS e, count(*) AS n "
            "FROM tracking_event WHERE xid >= %(start)s::text::xid8 AND xid < %(end)s::text::xid8 "
            "AND type = ANY(%(types)s) GROUP BY message) "
            "SELECT message, s - %(reach)s * interval '1 second', e + %(reach)s * interval '1 second' FROM fresh f "
            "WHERE n > 1 OR EXISTS (SELECT FROM tracking_event d WHERE d.message = f.message "
            "AND d.happened_at >= f.s - %(reach)s * interval '1 second' "
            "AND d.happened_at <= f.e + %(reach)s * interval '1 second' "
            "AND d.type = ANY(%(types)s) AND NOT (d.xid >= %(start)s::text::xid8 AND d.xid < %(end)s::text::xid8))",
            {"start": str(start), "end": str(end), "types": ENGAGEMENT, "reach": 2 * rules.window_s},
        )
        return {number: Span(s, e) for number, s, e in cursor.fetchall()}
