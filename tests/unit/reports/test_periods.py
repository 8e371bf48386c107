from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import periods
from reports.periods import Precision, Window

PARIS, KOLKATA, LORD_HOWE = ZoneInfo("Europe/Paris"), ZoneInfo("Asia/Kolkata"), ZoneInfo("Australia/Lord_Howe")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2031-05-01", "2031-04-30T22:00"),
        ("2031-05-01T10:20", "2031-05-01T08:20"),
        ("2031-05-01T10:20:30", "2031-05-01T08:20:30"),
        ("2031-05-01T10:20Z", "2031-05-01T10:20"),
        ("2031-05-01T10:20:30.5Z", "2031-05-01T10:20:30"),
        # 02:30 did not exist on this day, and came twice on that one.
        ("2031-03-30T02:30", "2031-03-30T01:30"),
        ("2031-10-26T02:30", "2031-10-26T00:30"),
    ],
)
def test_dates_in_a_zone(text: str, instant: str) -> None:
    assert periods.parse(text, PARIS) == at(instant)


@pytest.mark.parametrize(
    "text",
    [
        *("", "yesterday", "2031-5-1", "2031-02-30", "2031-05-01T24:00", "2031-05-01T10", "1969-12-31"),
        *("9999-12-31", "2031-05-01 10:20", "٢٠٣١-٠٥-٠١", "2031-05-01T10:20+02:00", "2031-05-01Z"),
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert periods.parse(text, UTC) is None


def test_zones_are_names_and_never_paths() -> None:
    assert periods.zone("Europe/Paris") == PARIS
    for name in ("", "../../etc/passwd", "/etc/localtime", "Mars/Olympus", "europe/paris"):
        assert periods.zone(name) is None


@pytest.mark.parametrize(
    ("precision", "start", "end"),
    [
        (Precision.MINUTE, "04:22", "06:37"),
        (Precision.FIVE_MINUTES, "04:20", "06:40"),
        (Precision.QUARTER_HOUR, "04:15", "06:45"),
        (Precision.HOUR, "04:00", "07:00"),
        (Precision.HALF_DAY, "00:00", "12:00"),
    ],
)
def test_the_table_of_the_contract(precision: Precision, start: str, end: str) -> None:
    window = Window(at("2031-05-01T04:22"), at("2031-05-01T06:37"))
    rounded = periods.rounded(window, precision)
    assert (rounded.start, rounded.end) == (at(f"2031-05-01T{start}"), at(f"2031-05-01T{end}"))


def test_weeks_begin_on_monday_and_months_on_the_first() -> None:
    window = Window(at("2031-01-30T12:00"), at("2031-02-10T00:00"), PARIS)
    assert periods.edges(window, Precision.WEEK) == (at("2031-01-27"), at("2031-02-03"), at("2031-02-10"))
    assert periods.edges(window, Precision.MONTH) == (at("2031-01-01"), at("2031-02-01"), at("2031-03-01"))


def test_hours_stay_full_hours_where_clocks_shift_by_half_an_hour() -> None:
    window = Window(at("2031-04-05T13:10"), at("2031-04-05T17:00"), LORD_HOWE)
    local = [edge.astimezone(LORD_HOWE).strftime("%H:%M") for edge in periods.edges(window, Precision.HOUR)]
    assert local[0] == "00:00"
    assert local[-2:] == ["03:00", "04:00"]
    assert set(local) <= {"00:00", "01:00", "02:00", "03:00", "04:00", "01:30"}


@given(
    start=st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)),  # noqa: DTZ001
    length=st.timedeltas(timedelta(minutes=1), timedelta(days=3)),
    precision=st.sampled_from(Precision),
    zone=st.sampled_from((UTC, PARIS, KOLKATA, LORD_HOWE, ZoneInfo("America/St_Johns"))),
)
def test_buckets_join_and_cover_the_window(
    start: datetime, length: timedelta, precision: Precision, zone: ZoneInfo
) -> None:
    window = Window(start.replace(tzinfo=UTC), start.replace(tzinfo=UTC) + length, zone)
    edges = periods.edges(window, precision)
    assert edges[0] <= window.start < edges[1]
    assert edges[-2] < window.end <= edges[-1]
    assert list(edges) == sorted(set(edges))


def test_a_window_that_reaches_now_ends_behind_the_running_quarter_hour() -> None:
    assert periods.running_end(at("2031-05-01T10:44:59")) == at("2031-05-01T10:45")
    assert periods.running_end(at("2031-05-01T10:45")) == at("2031-05-01T11:00")
