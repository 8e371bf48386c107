"""The msg_gen configuration as plain values: every option declared once (contract 50 §1)."""

from dataclasses import dataclass, field, fields
from typing import Any

MSG_GEN, ENGAGEMENT_TRACKER, ACCOUNT = "msg_gen", "engagement_tracker", "account"


def _option(default: Any, section: str, meaning: str, unit: str = "", **rules: Any) -> Any:
    return field(default=default, metadata={"section": section, "meaning": meaning, "unit": unit, **rules})


@dataclass(frozen=True, slots=True)
class Configuration:
    """All options with their defaults; field metadata carries section, meaning, unit and the rules of values.

    Rules: `choices`, `minimum` and `maximum` (numbers), `effect` = False where an option has no effect yet.
    """

    click_tracking_enabled: bool = _option(
        True, MSG_GEN, "Track clicks where neither recipient, transmission nor template says otherwise."
    )
    open_tracking_enabled: bool = _option(
        True, MSG_GEN, "Track opens where neither recipient, transmission nor template says otherwise."
    )
    click_tracking_scheme: str = _option("http", MSG_GEN, "Scheme of tracked links.", choices=("http", "https"))
    open_tracking_scheme: str = _option("http", MSG_GEN, "Scheme of open pixels.", choices=("http", "https"))
    engagement_tracking_host: str = _option(
        "", MSG_GEN, "Host and port put into tracked URLs where no tracking domain applies.", "host[:port]"
    )
    gen_count: int = _option(
        2,
        MSG_GEN,
        "Generations of large transmissions at the same time on one node; 0: none.",
        "workers",
        minimum=0,
        maximum=64,
    )
    gen_transactional_threads: int = _option(
        2,
        MSG_GEN,
        "Workers reserved for single-recipient, unscheduled transmissions; 0: none reserved.",
        "workers",
        minimum=0,
        maximum=64,
    )
    scheduled_interval_delete: int = _option(
        600,
        MSG_GEN,
        "How long before its start a scheduled transmission can no longer be deleted.",
        "seconds",
        minimum=60,
        maximum=31_536_000,
    )
    start_time_max_schedule_interval: int = _option(
        31_536_000,
        MSG_GEN,
        "How far ahead a transmission may be scheduled.",
        "seconds",
        minimum=0,
        maximum=315_360_000,
    )
    click_tracking_include_metadata: bool = _option(
        True,
        ENGAGEMENT_TRACKER,
        "Put the recipient's metadata into click links (open pixels always carry it).",
    )
    max_metadata_len: int = _option(
        1000,
        ENGAGEMENT_TRACKER,
        "Most metadata put into one tracked URL, and hence into its events.",
        "bytes",
        minimum=0,
        maximum=2000,
    )
    tracking_link_expiry: int = _option(
        31_536_000,
        ENGAGEMENT_TRACKER,
        "Life of a tracked link from sending; later it still redirects but nothing is recorded.",
        "seconds",
        minimum=0,
        maximum=315_360_000,
    )
    rest_tracking_default: bool = _option(
        True,
        ACCOUNT,
        "Default of open and click tracking for transmissions; both this and msg_gen must be on.",
    )
    smtp_tracking_default: bool = _option(
        False, ACCOUNT, "Default of tracking for mail injected by SMTP, which is not built yet.", effect=False
    )
    initial_open_pixel_tracking: bool = _option(
        True, ACCOUNT, "Default of the pixel at the top of the message (initial_open)."
    )
    click_tracking: bool = _option(
        True,
        ACCOUNT,
        "Off: no clicks are tracked anywhere, whatever recipient, transmission or template say.",
    )
    transactional_default: bool = _option(
        False, ACCOUNT, "Whether transmissions are transactional where they do not say so themselves."
    )
    transactional_unsub: bool = _option(False, ACCOUNT, "Put List-Unsubscribe on transactional messages as well.")


OPTION_NAMES = tuple(option.name for option in fields(Configuration))
