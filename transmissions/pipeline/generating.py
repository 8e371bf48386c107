"""First attempts: take a chunk that is due, generate, deliver, settle, until nothing is due or time is up."""

import logging
import time
from collections.abc import Iterator

from momentum.lib import clock
from tracking import configuration
from transmissions.chunks import unpack
from transmissions.delivery import Outcome, Outgoing
from transmissions.generation import Generated, GenerationFailure
from transmissions.models import Chunk, Transmission
from transmissions.pipeline import canceling, claim, expanding, jobs, settle, trying
from transmissions.pipeline.claim import Lease
from transmissions.pipeline.slots import slot
from transmissions.pipeline.work import Attempt, Failed, Settled
from transmissions.suppression import following, lookup
from transmissions.values import Recipient

log = logging.getLogger(__name__)

_SINGLE, _BULK = "single", "bulk"
# How long a pause or cancellation may go unseen by a worker in the middle of a chunk.
_LOOK_EVERY_S = 0.2


def generate_due() -> bool:
    """Work on due chunks while this node has a free slot for them. Returns whether time ended before work did."""
    options = configuration.current()
    deadline = time.monotonic() + trying.BUDGET_S
    if options.gen_count == 0:
        return False
    expanding.expand_due()
    reserved = options.gen_transactional_threads
    with slot(_SINGLE, reserved) as mine:
        if mine and not _drain(deadline, singles=True):
            return True
    with slot(_BULK, options.gen_count) as mine:
        return bool(mine and not _drain(deadline, singles=False if reserved else None))


def _drain(deadline: float, *, singles: bool | None) -> bool:
    """Whether nothing was due any more when it ended."""
    while time.monotonic() < deadline:
        claimed = claim.claim_chunk(singles=singles)
        if claimed is None:
            return True
        chunk, lease = claimed
        try:
            _process(chunk, lease, deadline)
        except settle.LeaseLostError:
            log.warning("the lease on %s was lost; whoever holds it goes on", chunk)
    return False


def _process(chunk: Chunk, lease: Lease, deadline: float) -> None:
    """One chunk: leave out what is settled, generate and deliver the rest, settle as outcomes come in."""
    if chunk.transmission.state == Transmission.State.CANCELED:
        canceling.cancel_chunk(chunk, lease)
        return
    following.keep_up()
    work = _Work(jobs.get(chunk.transmission_id), chunk, settle.settled_numbers(chunk), deadline)
    for outcomes in trying.relay().deliver(work.outgoing()):
        done, failed = [work.settled(outcome) for outcome in outcomes], work.take_failed()
        if done or failed:
            settle.settle_chunk(chunk, lease, done, failed)
        else:
            settle.renew(lease, chunk)
    if failed := work.take_failed():
        settle.settle_chunk(chunk, lease, [], failed)
    if work.complete:
        settle.finish_chunk(chunk, lease)
    else:
        claim.release_chunk(chunk, lease)


class _Work:
    """The recipients of one chunk on their way: generated one by one as the relay asks for them."""

    def __init__(self, ready: jobs.Ready, chunk: Chunk, skip: set[int], deadline: float) -> None:
        self._ready, self._chunk, self._skip, self._deadline = ready, chunk, skip, deadline
        self._suppressed = lookup.suppressed(ready.job, unpack(chunk.recipients))
        self._under_way: dict[int, Attempt] = {}
        self._failed: list[Failed] = []
        self._look_at = 0.0
        self.complete = False

    def outgoing(self) -> Iterator[Outgoing]:
        """Messages to be sent; ends early when time is up or the transmission was stopped.

        `complete` stays False then.
        """
        for number, recipient in enumerate(unpack(self._chunk.recipients), self._chunk.first_number):
            if number in self._skip:
                continue
            if time.monotonic() > self._deadline or self._is_stopped():
                return
            attempt = self._attempt(number, recipient)
            if attempt is not None:
                self._under_way[number] = attempt
                yield trying.outgoing(attempt)
        self.complete = True

    def settled(self, outcome: Outcome) -> Settled:
        return trying.settled(self._ready, self._under_way.pop(outcome.key), outcome)

    def take_failed(self) -> list[Failed]:
        """Those who failed since the last call."""
        taken, self._failed = self._failed, []
        return taken

    def _is_stopped(self) -> bool:
        """Whether an operator has paused or somebody has cancelled the transmission since."""
        now = time.monotonic()
        if now < self._look_at:
            return False
        self._look_at = now + _LOOK_EVERY_S
        under_way = Transmission.objects.filter(id=self._chunk.transmission_id, is_paused=False)
        return not under_way.exclude(state=Transmission.State.CANCELED).exists()

    def _attempt(self, number: int, recipient: Recipient) -> Attempt | None:
        is_rejected = recipient.email.lower() in self._suppressed
        if is_rejected:
            made: Generated | GenerationFailure = GenerationFailure(number, lookup.REASON)
        else:
            made = trying.generate(self._ready, self._chunk, number, recipient)
        if not isinstance(made, GenerationFailure):
            return Attempt(number, self._chunk.id, recipient, made, clock.now())
        job, block_time = self._ready.job, self._ready.block_time
        self._failed.append(
            Failed(job, block_time, number, self._chunk.id, recipient, made, clock.now(), is_rejected)
        )
        return None
