from datetime import UTC, datetime, timedelta

import pytest

from transmissions.transmission_pages.speed import in_words, measure

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)


def test_the_rate_is_that_of_the_last_seconds() -> None:
    samples = measure(0, NOON, "").samples
    rates = []
    for second in range(1, 31):
        done = second * 100 if second <= 15 else 1500 + (second - 15) * 10
        speed = measure(done, NOON + timedelta(seconds=second), samples)
        samples = speed.samples
        rates.append(speed.rate)
    assert rates[:15] == [100.0] * 15
    assert rates[-1] == 10.0
    assert speed.seconds_left(1000) == 100


def test_without_a_sample_nothing_is_known() -> None:
    speed = measure(5, NOON, "")
    assert speed.rate is None
    assert speed.seconds_left(10) is None


@pytest.mark.parametrize(
    "hostile", ["x", "1:2", "9" * 15 + ":0," + "9" * 15 + ":0", "0:9999999999,0:9999999999", "٣:1,1:1"]
)
def test_samples_that_cannot_be_are_no_samples(hostile: str) -> None:
    assert measure(5, NOON, hostile) == measure(5, NOON, "")


def test_a_standstill_has_no_end() -> None:
    samples = measure(5, NOON, "").samples
    speed = measure(5, NOON + timedelta(seconds=3), samples)
    assert (speed.rate, speed.seconds_left(10)) == (0.0, None)


@pytest.mark.parametrize(
    "seconds, words", [(None, ""), (0, "0 s"), (99, "99 s"), (100, "2 min"), (11100, "3 h 05 min")]
)
def test_times_in_words(seconds: int | None, words: str) -> None:
    assert in_words(seconds) == words
