"""Deleting a template while a transmission that names it is being accepted: one of the two is refused."""

import threading
from typing import Any

import pytest
from django.db import connection, transaction

from momentum.lib.errors import ApiError
from tests.api import Api, fault_of, make_transmission
from tests.program import eventually
from transmissions import template_versions
from transmissions.actions import templates
from transmissions.models import Template, Transmission

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _spring() -> None:
    content = {"from": "a@b.test", "subject": "x", "text": "x"}
    templates.create({"id": "spring", "published": True, "content": content})


def in_thread(outcome: list[Any], work: Any) -> threading.Thread:
    def run() -> None:
        try:
            outcome.append(work())
        except ApiError as refusal:
            outcome.append(refusal.faults[0].code)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def somebody_waits() -> bool:
    """Whether a transaction waits for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])


def test_a_deletion_waits_for_the_transmission_and_is_refused() -> None:
    outcome: list[Any] = []
    with transaction.atomic():
        template_versions.hold("spring")
        thread = in_thread(outcome, lambda: templates.delete("spring"))
        eventually(somebody_waits)
        # Neither another transmission nor a change waits.
        other = in_thread([], lambda: templates.update("spring", {"name": "changed"}))
        other.join(10)
        assert not other.is_alive()
        template = make_transmission(content={"template_id": "spring"})
        api: list[Any] = []
        sending = in_thread(api, lambda: Api().post("transmissions", template).status_code)
        sending.join(20)
    thread.join(20)
    assert (api, outcome) == ([200], ["1602"])
    assert Transmission.objects.count() == 1


def test_a_transmission_waits_for_the_deletion_and_is_refused() -> None:
    outcome: list[Any] = []
    caller = Api()
    with transaction.atomic():
        templates.delete("spring")
        thread = in_thread(
            outcome,
            lambda: fault_of(caller.post("transmissions", make_transmission(content={"template_id": "spring"})))[
                :2
            ],
        )
        eventually(somebody_waits)
    thread.join(20)
    assert outcome == [(422, "1603")]
    assert not Transmission.objects.exists()
    assert not Template.objects.exists()
