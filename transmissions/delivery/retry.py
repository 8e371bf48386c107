"""When a deferred message is tried again (contract 10 §14), and what is said when its time is over."""

from datetime import datetime, timedelta

FIRST_DELAY = timedelta(minutes=20)
LIFETIME = timedelta(hours=72)
_LONGEST_REASON = 1000


def next_attempt(attempts: int, first_attempt_at: datetime, now: datetime) -> datetime | None:
    """The time of the next attempt after `attempts` (at least 1) failed ones, the last of them at `now`.

    20, 40, 80 … minutes, doubling; the last attempt falls at the end of the 72 hours that count from the first.
    None says that the time is over: the caller makes a bounce with `timeout_reason`.
    """
    last_chance = first_attempt_at + LIFETIME
    if now + FIRST_DELAY > last_chance:
        return None
    # 2**12 delays are beyond the lifetime already; the bound keeps the arithmetic small.
    delay = FIRST_DELAY * (1 << min(max(attempts, 1) - 1, 12))
    return min(now + delay, last_chance)


def timeout_reason(last_reply: str) -> str:
    """The reason of the bounce that ends the attempts (contract 60 §4); its error code is 554."""
    last = " ".join(last_reply.split())[:_LONGEST_REASON]
    return f"554 5.4.7 [internal] message timeout (exceeded max time, last transfail: {last})"
