"""Hits that could not be read: kept in Redis by number (tracking.recorder), and here by age."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from redis import Redis

from momentum.lib import clock
from tracking.stream import DEAD_LETTERS

_TIMEOUT_S = 5


def drop(kept_days: int) -> None:
    """Drop those buried more than so many days ago: they hold addresses of readers as hits do."""
    oldest = int((clock.now() - timedelta(days=kept_days)).timestamp() * 1000)
    client: Any = Redis.from_url(
        settings.REDIS_LOCATION, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S
    )
    with client:
        # The id of an entry begins with its time in Unix milliseconds.
        client.xtrim(DEAD_LETTERS, minid=oldest, approximate=False)
