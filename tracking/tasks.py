"""What has to be done once in a while for the event log."""

import logging

from celery import shared_task
from django.conf import settings

from tracking import cleaning, dead_letters, requests, retention

log = logging.getLogger(__name__)

KEEP = "tracking.keep_partitions"
DROP_HIT_DETAILS = "tracking.drop_hit_details"
# A task ends within seconds, because a worker that is asked to stop waits for it; the next one goes on.
_BATCHES_A_TASK = 60


@shared_task(name=KEEP)
def keep_partitions() -> None:
    """Make the partitions of the days to come and drop those whose events are no longer kept."""
    if rows := retention.misplaced():
        log.error("%d events (or more) had no daily partition to go to: is beat running all the time?", rows)
    retention.keep_partitions()
    retention.drop_partitions(settings.EVENTS_KEPT_DAYS)


@shared_task(name=DROP_HIT_DETAILS)
def drop_hit_details() -> None:
    """Drop what is not kept any longer of hits, of hits that could not be read, and of requests for erasure."""
    if cleaning.drop_hit_details(settings.HIT_DETAILS_KEPT_DAYS, _BATCHES_A_TASK):
        drop_hit_details.apply_async(retry=False)
    dead_letters.drop(settings.HIT_DETAILS_KEPT_DAYS)
    requests.forget(settings.EVENTS_KEPT_DAYS)
