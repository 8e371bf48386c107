"""The one place that asks for the time (tests replace `now`), and the form in which the API tells one."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current time as an aware datetime in UTC."""
    return datetime.now(UTC)


def iso_milliseconds(when: datetime) -> str:
    """A UTC datetime in the form of events: `2026-01-01T00:00:00.000Z` (contract 00 §7)."""
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03d}Z"
