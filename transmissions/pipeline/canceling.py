"""Chunks of cancelled transmissions: every recipient without a message gets its administrative bounce."""

from momentum.lib import clock
from transmissions.chunks import unpack
from transmissions.models import Chunk
from transmissions.pipeline import jobs, settle
from transmissions.pipeline.claim import Lease
from transmissions.pipeline.work import Canceled


def cancel_chunk(chunk: Chunk, lease: Lease) -> None:
    """Settle what is left of the chunk. Raises LeaseLostError when it is no longer ours."""
    job, now = jobs.stored_job(chunk.transmission_id), clock.now()
    skip, block_time = settle.settled_numbers(chunk), chunk.transmission.block_time
    canceled = [
        Canceled(job, block_time, number, chunk.id, recipient, now)
        for number, recipient in enumerate(unpack(chunk.recipients), chunk.first_number)
        if number not in skip
    ]
    settle.settle_canceled(chunk, lease, canceled)
    settle.finish_chunk(chunk, lease)
