"""What the pipeline works with: one message, from its recipient to the outcome of an attempt."""

from dataclasses import dataclass
from datetime import datetime

from transmissions.delivery import Outcome
from transmissions.generation import Generated, GenerationFailure
from transmissions.values import Job, Recipient


@dataclass(frozen=True, slots=True)
class Attempt:
    """One message about to be tried; `attempts` is the number of attempts that failed before."""

    number: int
    chunk_id: int
    recipient: Recipient
    generated: Generated
    injected_at: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one message in this round, ready to be stored."""

    job: Job
    block_time: int
    attempt: Attempt
    outcome: Outcome
    next_attempt_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    """A recipient for whom no message was generated: it failed, or (`is_rejected`) the address is suppressed."""

    job: Job
    block_time: int
    number: int
    chunk_id: int
    recipient: Recipient
    failure: GenerationFailure
    failed_at: datetime
    is_rejected: bool = False


@dataclass(frozen=True, slots=True)
class Canceled:
    """A recipient whose message is given up by us; `reason` is that of its administrative bounce."""

    job: Job
    block_time: int
    number: int
    chunk_id: int
    recipient: Recipient
    canceled_at: datetime
    reason: str = "554 5.7.1 [internal] Campaign cancelled"
