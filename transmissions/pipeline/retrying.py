"""Further attempts: claim deferred messages that are due, generate them again, deliver, settle."""

import logging
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence

from momentum.lib import clock
from transmissions.chunks import unpack
from transmissions.delivery import Outgoing
from transmissions.generation import GenerationFailure
from transmissions.models import Chunk
from transmissions.pipeline import claim, jobs, settle, trying
from transmissions.pipeline.claim import Lease, Retry
from transmissions.pipeline.work import Attempt, Failed, Settled
from transmissions.suppression import following, lookup
from transmissions.values import Recipient

log = logging.getLogger(__name__)

_AT_ONCE = 500


def retry_due() -> bool:
    """Try deferred messages whose time has come. Returns whether time ended before work did."""
    deadline = time.monotonic() + trying.BUDGET_S
    while time.monotonic() < deadline:
        retries, lease = claim.claim_retries(_AT_ONCE)
        if not retries:
            return False
        try:
            _process(retries, lease, deadline)
        except settle.LeaseLostError:
            log.warning("the lease on %d messages was lost; whoever holds it goes on", len(retries))
    return True


def _process(retries: Sequence[Retry], lease: Lease, deadline: float) -> None:
    under_way: dict[int, tuple[jobs.Ready, Attempt]] = {}
    untried = {retry.number for retry in retries}
    failed: list[Failed] = []
    refused: list[Settled] = []

    def outgoing() -> Iterator[Outgoing]:
        for ready, attempt, is_suppressed in _attempts(retries):
            if time.monotonic() > deadline:
                return
            if isinstance(attempt, Failed):
                failed.append(attempt)
                continue
            untried.discard(attempt.number)
            if is_suppressed:
                refused.append(trying.refused(ready, attempt))
                continue
            under_way[attempt.number] = ready, attempt
            yield trying.outgoing(attempt)

    for outcomes in trying.relay().deliver(outgoing()):
        done = [trying.settled(*under_way.pop(outcome.key), outcome) for outcome in outcomes]
        settle.settle_retries(lease, done)
        if under_way:
            settle.renew(lease)
    settle.settle_retries(lease, refused, failed)
    untried.difference_update(one.number for one in failed)
    claim.release_retries(untried, lease)


def _attempts(retries: Sequence[Retry]) -> Iterator[tuple[jobs.Ready, Attempt | Failed, bool]]:
    """The messages generated again, chunk by chunk, from the same inputs as the first time.

    With each of them, whether its recipient has been suppressed since.
    """
    following.keep_up()
    by_chunk: dict[int, list[Retry]] = defaultdict(list)
    for retry in retries:
        by_chunk[retry.chunk_id].append(retry)
    for chunk_id, due in sorted(by_chunk.items()):
        chunk = Chunk.objects.get(id=chunk_id)
        ready, recipients = jobs.get(chunk.transmission_id), unpack(chunk.recipients)
        people = [recipients[retry.number - chunk.first_number] for retry in due]
        suppressed = lookup.suppressed(ready.job, people)
        for retry, recipient in zip(due, people, strict=True):
            made = trying.generate(ready, chunk, retry.number, recipient)
            if isinstance(made, GenerationFailure):
                # It rendered before from the same inputs, so the fault is ours; the others still go out.
                log.error("message %d no longer renders: %s", retry.number, made.reason)
                yield ready, _failed(ready, retry, recipient, made), False
                continue
            attempt = Attempt(retry.number, chunk.id, recipient, made, retry.injected_at, retry.attempts)
            yield ready, attempt, recipient.email.lower() in suppressed


def _failed(ready: jobs.Ready, retry: Retry, recipient: Recipient, made: GenerationFailure) -> Failed:
    return Failed(ready.job, ready.block_time, retry.number, retry.chunk_id, recipient, made, clock.now())
