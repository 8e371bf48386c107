from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from reports.metrics import Unit
from reports.pages import funnel, intervals, links, measures, state, tables
from reports.pages.formats import Formats
from reports.pages.state import Chip, State
from reports.pages.tables import Column, Row, Table
from reports.periods import Precision


def steps(*values: int) -> list[funnel.Step]:
    return funnel.steps(dict(zip(funnel.STEPS, values, strict=True)))


def test_shares_are_of_targeted_of_accepted_and_of_the_step_before() -> None:
    found = [
        (round(s.of_targeted, 2), round(s.of_accepted, 2), round(s.of_previous, 2))
        for s in steps(6770, 5937, 2092, 233)
    ]
    assert found == [(100, 114.03, 100), (87.7, 100, 87.7), (30.9, 35.24, 35.24), (3.44, 3.92, 11.14)]


def test_the_shape_narrows_with_the_numbers_and_widens_with_them() -> None:
    narrowing = [(step.start, step.end) for step in steps(100, 80, 40, 0)]
    assert narrowing == [(1, 0.8), (0.8, 0.4), (0.4, 0.02), (0.02, 0.02)]
    # Every event counts at its own time: a window may hold more opens than deliveries.
    widening = [step.start for step in steps(0, 1, 4, 2)]
    assert widening == [0.02, 0.25, 1, 0.5]
    assert [step.of_targeted for step in steps(0, 1, 4, 2)] == [0, 0, 0, 0]


def test_the_shape_fills_its_box() -> None:
    first = steps(3, 2, 2, 2)[0]
    assert first.across == "0.00,0.00 100.00,26.67 100.00,133.33 0.00,160.00"
    assert first.down == "0.00,0.00 160.00,0.00 133.33,100.00 26.67,100.00"


def test_totals_are_shares_of_all_links_and_add_up() -> None:
    rows = links.rows(
        {(name,): {"count_clicked": clicks, "count_raw_clicked": 1} for name, clicks in (("a", 4), ("b", 2))}
    )
    assert [round(link.total, 1) for link in rows] == [66.7, 33.3]
    assert sum(link.total for link in rows) == 100


@given(st.integers(0, 500), st.integers(1, 10_000), st.sampled_from(state.PAGE_SIZES))
def test_a_page_is_always_there(count: int, number: int, size: int) -> None:
    rows = [links.Link(str(index), 1, 1, 0) for index in range(count)]
    page = tables.page(rows, number, size)
    assert page.number in page.numbers
    assert 1 <= page.number <= page.last
    assert len(page.rows) <= size
    assert bool(page.rows) == bool(count)
    assert max(page.numbers) <= page.last


_CHIPS = st.builds(Chip, st.sampled_from(list(state.FILTERS)), st.text(min_size=1).map(str.strip))
_STATES = st.builds(
    State,
    period=st.sampled_from([*state.PRESETS]),
    zone=st.sampled_from(["", "Europe/Paris"]),
    chips=st.lists(_CHIPS.filter(lambda chip: chip.value and "\0" not in chip.value), unique=True).map(tuple),
    people_only=st.booleans(),
    sort=st.sampled_from(state.SORT_KEYS),
    descending=st.booleans(),
    page=st.integers(1, 1000),
    size=st.sampled_from(state.PAGE_SIZES),
    metrics=st.lists(st.sampled_from(measures.SELECTABLE), unique=True, max_size=7).map(tuple),
    scale=st.sampled_from([*state.SCALES]),
    compare=st.booleans(),
    tab=st.sampled_from(["", "campaigns"]),
    categories=st.sampled_from([(), ("Hard",), ("Policy Rejection", "Admin")]),
    classes=st.sampled_from([(), ("10", "25")]),
    opened=st.sampled_from(["", "soft"]),
    inner=st.sampled_from(["", "-count"]),
)


@given(_STATES)
def test_an_address_brings_back_its_state(shown: State) -> None:
    found = state.read(QueryDict(shown.query()))
    assert set(found.chips) == set(shown.chips)
    assert found == State(
        **{name: getattr(shown, name) for name in State.__slots__ if name != "chips"}, chips=found.chips
    )


def test_the_address_of_the_plain_page_is_plain() -> None:
    assert State().query() == ""
    changed = State(period="custom", custom_from="2031-05-01T10:00", custom_to="2031-05-01T11:00", page=3)
    assert parse_qsl(changed.query()) == [
        ("period", "custom"),
        ("from", "2031-05-01T10:00"),
        ("to", "2031-05-01T11:00"),
        ("page", "3"),
    ]


def test_sorting_toggles_and_begins_where_it_is_most_useful() -> None:
    shown = State(page=4)
    assert shown.sorted_by("clicks").query() == "sort=clicks"
    assert shown.sorted_by("name").query() == "sort=name"
    assert shown.sorted_by("raw").query() == "sort=-raw"
    assert shown.sorted_by("name").sorted_by("name").query() == "sort=-name"


def test_a_preset_begins_at_the_full_hour_before_its_length() -> None:
    now = datetime(2031, 5, 1, 12, 0, tzinfo=UTC)
    window = state.window(State(), UTC, now)
    assert not isinstance(window, str)
    assert (window.start, window.end) == (now - timedelta(hours=1), now + timedelta(minutes=15))
    window = state.window(State(), UTC, now - timedelta(minutes=1))
    assert not isinstance(window, str)
    assert window.start == now - timedelta(hours=2)


@pytest.mark.parametrize(
    ("length", "precision"),
    [
        (timedelta(minutes=1), Precision.MINUTE),
        (timedelta(hours=1), Precision.MINUTE),
        (timedelta(hours=1, minutes=1), Precision.QUARTER_HOUR),
        (timedelta(hours=24), Precision.QUARTER_HOUR),
        (timedelta(hours=25), Precision.HOUR),
        (timedelta(days=2), Precision.HOUR),
        (timedelta(days=3), Precision.HALF_DAY),
        (timedelta(days=7), Precision.HALF_DAY),
        (timedelta(days=8), Precision.DAY),
        (timedelta(days=90), Precision.DAY),
        (timedelta(days=5000), Precision.MONTH),
    ],
)
def test_the_precision_of_a_graph(length: timedelta, precision: Precision) -> None:
    assert intervals.precision(length) is precision
    assert precision in intervals.LABELS


def test_figures_that_there_are_not_come_last_both_ways() -> None:
    columns = (Column("name", "Name"), Column("count", "Count", Unit.COUNT))
    found = Table("t", "T", columns, [Row(("b", None)), Row(("a", None)), Row(("x", 1)), Row(("y", 2))], "")
    for descending, names in ((True, "yxab"), (False, "xyab")):
        rows = tables.ordered(found, "count", descending=descending)
        assert "".join(str(row.cells[0]) for row in rows) == names


def test_csv_writes_figures_as_numbers() -> None:
    text = b"".join(tables.as_csv(["Name", "Share"], [("a", 0.125), ("b", None), ("c", 12345)])).decode()
    assert text == "\ufeffName,Share\r\na,0.12\r\nb,N/A\r\nc,12345\r\n"


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "'=1", "''-1"])
def test_csv_defuses_what_looks_like_a_formula(text: str) -> None:
    assert b"".join(tables.as_csv([], [(text,)])).decode().strip('\ufeff"\r\n') == f"'{text}"


def test_rates_of_nothing_are_zero_and_unsupported_ones_are_none() -> None:
    rate, average = measures.measure("bounce_rate"), measures.measure("avg_message_size")
    nothing = dict.fromkeys((*rate.metrics, *average.metrics), 0)
    assert measures.figure(rate, nothing, ()) == 0
    assert measures.figure(average, nothing, ()) == 0
    assert measures.figure(rate, nothing, ("sending_ip",)) is None
    assert measures.figure(measures.measure("count_bounce"), {"count_bounce": 3}, ("sending_ip",)) == 3


def test_every_selectable_measure_can_be_made() -> None:
    made = [measures.measure(name) for name in measures.SELECTABLE]
    assert len({one.label for one in made}) == len(made)
    assert all(one.description for one in made)


@pytest.mark.parametrize(
    ("value", "unit", "text", "hint"),
    [
        (1234567, Unit.COUNT, "1,234,567", ""),
        (33.333, Unit.PERCENT, "33.3%", ""),
        (999, Unit.MILLISECONDS, "999\u00a0ms", ""),
        (7_200_000, Unit.MILLISECONDS, "7,200,000\u00a0ms", "7,200.0\u00a0s"),
        (1023, Unit.BYTES, "1,023\u00a0B", ""),
        (3 * 1024**3, Unit.BYTES, "3,221,225,472\u00a0B", "3.0\u00a0GiB"),
        (5 * 1024**6, Unit.BYTES, "5,764,607,523,034,234,880\u00a0B", "5,242,880.0\u00a0TiB"),
        (None, Unit.COUNT, "N/A", ""),
    ],
)
def test_figures_with_their_units(value: float | None, unit: Unit, text: str, hint: str) -> None:
    formats = Formats("en")
    assert (formats.value(value, unit), formats.hint(value, unit)) == (text, hint)
