"""Which tracking one copy of a message carries (contract 50 §2, 10 §2): decisions on values."""

from typing import NamedTuple

from tracking.options import Configuration
from tracking.tokens import (
    SENT_WITH_AMP,
    SENT_WITH_CLICK_TRACKING,
    SENT_WITH_INITIAL_OPEN,
    SENT_WITH_OPEN_TRACKING,
)
from transmissions.values import TrackingFlags


class Tracking(NamedTuple):
    """What is put into one copy: bottom pixel, tracked links, top pixel; `amp`: it has an amp_html part."""

    open: bool = False
    click: bool = False
    initial_open: bool = False
    amp: bool = False

    @property
    def sent_with(self) -> int:
        """The same as the bits of tracking.tokens.MessagePart."""
        return (
            self.open * SENT_WITH_OPEN_TRACKING
            | self.click * SENT_WITH_CLICK_TRACKING
            | self.initial_open * SENT_WITH_INITIAL_OPEN
            | self.amp * SENT_WITH_AMP
        )


def resolve(
    recipient: TrackingFlags,
    transmission: TrackingFlags,
    template: TrackingFlags,
    configuration: Configuration,
    *,
    amp: bool = False,
) -> Tracking:
    """Each flag on its own: the first of recipient, transmission and template that sets it, else the account.

    Two rules stand above and beside that: an account without `click_tracking` tracks no clicks at all, and
    `initial_open` follows `open_tracking` where nobody set it (contract 10 §2, its table).
    """
    levels = (recipient, transmission, template)
    open_tracking = _first(*(level.open_tracking for level in levels))
    click_tracking = _first(*(level.click_tracking for level in levels))
    initial_open = _first(*(level.initial_open for level in levels))
    if open_tracking is None:
        default_of_initial_open = configuration.rest_tracking_default
        open_tracking = configuration.open_tracking_enabled and configuration.rest_tracking_default
    else:
        default_of_initial_open = open_tracking
    if click_tracking is None:
        click_tracking = configuration.click_tracking_enabled and configuration.rest_tracking_default
    if initial_open is None:
        initial_open = default_of_initial_open and configuration.initial_open_pixel_tracking
    return Tracking(open_tracking, click_tracking and configuration.click_tracking, initial_open, amp)


def _first(*values: bool | None) -> bool | None:
    return next((value for value in values if value is not None), None)
