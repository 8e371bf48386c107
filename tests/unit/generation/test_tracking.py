"""Which flags win (contract 50 §2, 10 §2 and §2.1): each row of the tables."""

import pytest

from tracking.options import Configuration
from transmissions.generation.tracking import Tracking, resolve
from transmissions.values import TrackingFlags

UNSET = TrackingFlags()


def clicks(value: bool | None) -> TrackingFlags:
    return TrackingFlags(click_tracking=value)


@pytest.mark.parametrize(
    "transmission, template, msg_gen, recipient, expected",
    [
        (None, None, True, None, True),
        (None, False, True, None, False),
        (True, False, False, None, True),
        (False, True, True, True, True),
        (True, True, True, False, False),
        (None, None, False, None, False),
        (None, True, False, None, True),
        (False, True, True, None, False),
    ],
)
def test_the_first_level_that_sets_a_flag_wins(transmission, template, msg_gen, recipient, expected):
    configuration = Configuration(click_tracking_enabled=msg_gen, open_tracking_enabled=msg_gen)
    got = resolve(clicks(recipient), clicks(transmission), clicks(template), configuration)
    assert got.click is expected

    opens = [TrackingFlags(open_tracking=value) for value in (recipient, transmission, template)]
    assert resolve(*opens, configuration).open is expected


@pytest.mark.parametrize("level", [0, 1, 2])
def test_each_flag_is_resolved_on_its_own(level):
    levels = [UNSET, UNSET, UNSET]
    levels[level] = TrackingFlags(open_tracking=False)
    assert resolve(*levels, Configuration()) == Tracking(open=False, click=True, initial_open=False)


@pytest.mark.parametrize(
    "initial, open_tracking, account, rest_default, expected",
    [
        (True, False, True, True, True),  # set: the value given, top pixel without bottom pixel
        (False, True, True, True, False),
        (True, None, False, False, True),
        (None, True, True, True, True),  # not set: follows open_tracking …
        (None, True, False, True, False),  # … and the account option
        (None, True, True, False, True),
        (None, False, True, True, False),
        (None, None, True, True, True),  # nobody said anything
        (None, None, True, False, False),
        (None, None, False, True, False),
    ],
)
@pytest.mark.parametrize("level", [0, 1, 2])
def test_initial_open(initial, open_tracking, account, rest_default, expected, level):
    configuration = Configuration(initial_open_pixel_tracking=account, rest_tracking_default=rest_default)
    levels = [UNSET, UNSET, UNSET]
    levels[level] = TrackingFlags(open_tracking=open_tracking, initial_open=initial)
    assert resolve(*levels, configuration).initial_open is expected


def test_an_account_without_click_tracking_tracks_no_click():
    configuration = Configuration(click_tracking=False)
    assert resolve(clicks(True), clicks(True), clicks(True), configuration).click is False


@pytest.mark.parametrize(
    "msg_gen, account, expected", [(True, True, True), (True, False, False), (False, True, False)]
)
def test_the_lowest_level_needs_msg_gen_and_account(msg_gen, account, expected):
    configuration = Configuration(
        click_tracking_enabled=msg_gen, open_tracking_enabled=msg_gen, rest_tracking_default=account
    )
    got = resolve(UNSET, UNSET, UNSET, configuration)
    assert (got.open, got.click) == (expected, expected)


def test_the_bits_that_a_link_remembers():
    assert Tracking().sent_with == 0
    assert Tracking(open=True).sent_with == 1
    assert Tracking(click=True).sent_with == 2
    assert Tracking(initial_open=True).sent_with == 4
    assert Tracking(amp=True).sent_with == 8
    assert Tracking(True, True, True, True).sent_with == 15
