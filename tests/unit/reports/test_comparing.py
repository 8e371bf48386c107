"""Wilson's score interval, against values worked out elsewhere."""

import pytest

from reports.drilldown.comparing import interval


@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        # Newcombe (1998), Statistics in Medicine 17, table I, method 3.
        (81, 263, 25.53, 36.62),
        (15, 148, 6.24, 16.05),
        (0, 20, 0.0, 16.11),
        (1, 29, 0.61, 17.18),
        (29, 29, 88.30, 100.0),
    ],
)
def test_intervals_of_the_literature(part: int, whole: int, low: float, high: float) -> None:
    found = interval(part, whole)
    assert found is not None
    assert found == (pytest.approx(low, abs=0.006), pytest.approx(high, abs=0.006))


@pytest.mark.parametrize(("part", "whole"), [(0, 0), (3, 2), (-1, 5)])
def test_what_is_no_share_has_no_interval(part: int, whole: int) -> None:
    assert interval(part, whole) is None
