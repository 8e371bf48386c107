"""How many hits of the last days each reason explains: for the people who read the rules."""

from datetime import timedelta
from typing import NamedTuple

from django.db import OperationalError, connection, transaction

from momentum.lib import clock
from tracking.logged_hits import ENGAGEMENT

DAYS = 7
# A page must not keep the database busy for long, however much there is to count.
_TIMEOUT = "5s"


class Explained(NamedTuple):
    """Hits by reason and by class."""

    reasons: dict[str, int]
    classes: dict[str, int]


def count() -> Explained | None:
    """Counted over the event log; None when there is too much to count for a page."""
    since = clock.now() - timedelta(days=DAYS)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{_TIMEOUT}'")
            cursor.execute(
                "SELECT r.name, count(*) FROM tracking_event d CROSS JOIN LATERAL json_array_elements_text("
                "CASE json_typeof(d.data->'traffic'->'reasons') WHEN 'array' THEN d.data->'traffic'->'reasons' END"
                ") AS r(name) WHERE d.happened_at >= %s AND d.type = ANY(%s) GROUP BY r.name",
                [since, ENGAGEMENT],
            )
            reasons = dict(cursor.fetchall())
            cursor.execute(
                "SELECT traffic, count(*) FROM tracking_event WHERE happened_at >= %s AND type = ANY(%s) "
                "GROUP BY traffic",
                [since, ENGAGEMENT],
            )
            return Explained(reasons, dict(cursor.fetchall()))
    except OperationalError:
        return None
    finally:
        # A transaction around this one would keep the limit.
        if connection.in_atomic_block:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = DEFAULT")
