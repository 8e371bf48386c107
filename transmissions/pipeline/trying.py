"""One attempt at one message: generated from its inputs, handed to the relay, the retry rule applied."""

from datetime import datetime
from functools import lru_cache

import msgspec
from django.conf import settings

from momentum.lib import clock
from transmissions.delivery import Outcome, Outgoing, Relay, given_up_class, next_attempt, timeout_reason
from transmissions.generation import Generated, GenerationFailure, PreparationFailure
from transmissions.models import Chunk
from transmissions.pipeline.jobs import Ready
from transmissions.pipeline.work import Attempt, Settled
from transmissions.suppression import lookup
from transmissions.values import Recipient

# A worker that is asked to stop finishes its task first: this keeps one short. What is left is hinted again.
BUDGET_S = 10.0
# Contract 80 §9.
_UNDETERMINED = 1


def generate(ready: Ready, chunk: Chunk, number: int, recipient: Recipient) -> Generated | GenerationFailure:
    """The message of one recipient: the same bytes at every attempt."""
    if isinstance(ready.prepared, PreparationFailure):
        return GenerationFailure(number, ready.prepared.reason)
    assert chunk.sent_at is not None
    return ready.prepared.message(recipient, number, ready.block_time, int(chunk.sent_at.timestamp()))


def outgoing(attempt: Attempt) -> Outgoing:
    """The message as the relay takes it."""
    generated = attempt.generated
    return Outgoing(
        key=attempt.number,
        mail_from=generated.envelope_from,
        rcpt_to=generated.envelope_to,
        data=generated.data,
        smtputf8=generated.smtputf8,
    )


def settled(ready: Ready, attempt: Attempt, outcome: Outcome) -> Settled:
    """With the retry rule applied: a deferral without a next attempt is a bounce (contract 10 §14)."""
    when: datetime | None = None
    if outcome.result == "deferred":
        when = next_attempt(attempt.attempts + 1, attempt.injected_at, clock.now())
        if when is None:
            outcome = _given_up(outcome)
    return Settled(ready.job, ready.block_time, attempt, outcome, when)


def refused(ready: Ready, attempt: Attempt) -> Settled:
    """An attempt not made: the recipient has been suppressed since the last one (docs/suppression.md)."""
    outcome = Outcome(
        key=attempt.number,
        result="bounced",
        error_code=554,
        reply=lookup.REASON,
        bounce_class=lookup.BOUNCE_CLASS,
        remote_ip="",
        local_ip="",
        tls=None,
        finished_at=clock.now(),
    )
    return Settled(ready.job, ready.block_time, attempt, outcome)


def _given_up(outcome: Outcome) -> Outcome:
    return msgspec.structs.replace(
        outcome,
        result="bounced",
        error_code=554,
        reply=timeout_reason(outcome.reply),
        bounce_class=given_up_class(outcome.bounce_class or _UNDETERMINED),
    )


@lru_cache(maxsize=1)
def relay() -> Relay:
    """This process's connections to the relay, or to the sandbox where none is configured."""
    host, port = settings.SANDBOX_ADDRESS
    return Relay.from_url(settings.SMTP_URL or f"smtp://{host}:{port}")
