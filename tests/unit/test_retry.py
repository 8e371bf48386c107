"""20, 40, 80 … minutes, up to 72 hours, then a bounce (contract 10 §14)."""

from datetime import UTC, datetime, timedelta

import pytest

from transmissions.delivery.retry import next_attempt, timeout_reason

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_the_whole_life_of_a_message_that_never_gets_through() -> None:
    now, minutes = START, []
    for attempts in range(1, 100):
        following = next_attempt(attempts, START, now)
        if following is None:
            break
        minutes.append(int((following - now) / timedelta(minutes=1)))
        now = following
    assert minutes == [20, 40, 80, 160, 320, 640, 1280, 4320 - 2540]
    assert now == START + timedelta(hours=72)


@pytest.mark.parametrize(
    ("attempts", "elapsed", "delay"),
    [
        (1, timedelta(), timedelta(minutes=20)),
        (1, timedelta(hours=1), timedelta(minutes=20)),
        (3, timedelta(hours=1), timedelta(minutes=80)),
        (8, timedelta(hours=70), timedelta(hours=2)),
        (8, timedelta(hours=71, minutes=40), timedelta(minutes=20)),
        (8, timedelta(hours=71, minutes=41), None),
        (1, timedelta(hours=72), None),
        (1, timedelta(days=400), None),
        (10_000, timedelta(), timedelta(hours=72)),
        (0, timedelta(), timedelta(minutes=20)),
    ],
)
def test_next_attempt(attempts: int, elapsed: timedelta, delay: timedelta | None) -> None:
    now = START + elapsed
    assert next_attempt(attempts, START, now) == (None if delay is None else now + delay)


def test_the_reason_names_the_last_refusal() -> None:
    assert timeout_reason("451-4.3.0 not\n451 4.3.0 now") == (
        "554 5.4.7 [internal] message timeout (exceeded max time, last transfail: 451-4.3.0 not 451 4.3.0 now)"
    )
    assert len(timeout_reason("x" * 5000)) < 1100
