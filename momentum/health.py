"""GET /healthz: whether this installation can do its work (DESIGN §8)."""

from collections.abc import Callable
from typing import Any

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from momentum.api.responses import json_answer
from reports import rollups
from tracking import retention

_TIMEOUT_S = 2.0


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 when web, database and Redis answer, else 503; the body says which does not.

    `misplaced_events` above 0 is an alarm: daily partitions of the event log are not made ahead.
    """
    report: dict[str, Any] = {"web": "ok", "database": _state(ask_database), "redis": _state(ask_redis)}
    healthy = all(state == "ok" for state in report.values())
    if report["database"] == "ok":
        age = rollups.age()
        report["misplaced_events"] = retention.misplaced()
        report["rollup_age_seconds"] = None if age is None else round(age.total_seconds(), 1)
    return json_answer(report, 200 if healthy else 503, headers={"Cache-Control": "no-store"})


def _state(question: Callable[[], None]) -> str:
    try:
        question()
    except (DatabaseError, redis.RedisError, OSError) as problem:
        return f"down: {type(problem).__name__}"
    return "ok"


def ask_database() -> None:
    """Raises DatabaseError when PostgreSQL does not answer."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def ask_redis() -> None:
    """Raises redis.RedisError when Redis does not answer in time."""
    client = redis.Redis.from_url(
        settings.REDIS_LOCATION, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S
    )
    with client:
        client.ping()
