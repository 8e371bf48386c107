"""Fixtures for every speed of test."""

from collections.abc import Iterator

import pytest
from django.db import connection


@pytest.fixture(autouse=True)
def _empty_event_log(request: pytest.FixtureRequest) -> Iterator[None]:
    """Django's flush after a transactional test does not know the event log's table; empty it here."""
    marker = request.node.get_closest_marker("django_db")
    if marker is None or not marker.kwargs.get("transaction"):
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE tracking_event, tracking_held_event, tracking_revision")
