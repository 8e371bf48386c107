"""Message numbers, handed out in contiguous blocks."""

from django.db import connection

_MESSAGES = "message"


def reserve(count: int) -> int:
    """The first of `count` consecutive message numbers that nobody else gets.

    Called outside of a long transaction: the row is locked until the caller's transaction ends, and a gap
    left by a request that fails afterwards does no harm.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO transmissions_counter (name, next_value) VALUES (%s, 1 + %s) "
            "ON CONFLICT (name) DO UPDATE SET next_value = transmissions_counter.next_value + %s "
            "RETURNING next_value - %s",
            [_MESSAGES, count, count, count],
        )
        return int(cursor.fetchone()[0])
