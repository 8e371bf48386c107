"""How many generations run at once on one node (contract 50 §1.1 `gen_count`, `gen_transactional_threads`).

A slot is a session-level advisory lock of PostgreSQL: a worker that dies gives its slot back at once.
"""

import contextlib
import platform
import zlib
from collections.abc import Iterator

from django.db import connection

NODE = platform.node() or "localhost"


@contextlib.contextmanager
def slot(lane: str, count: int) -> Iterator[bool]:
    """Hold one of `count` slots of this node's `lane`; False when all are taken."""
    space = zlib.crc32(f"momentum:{NODE}:{lane}".encode()) - 2**31
    taken = next((number for number in range(count) if _try_lock(space, number)), None)
    try:
        yield taken is not None
    finally:
        if taken is not None:
            _unlock(space, taken)


def _try_lock(space: int, number: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [space, number])
        return bool(cursor.fetchone()[0])


def _unlock(space: int, number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [space, number])
