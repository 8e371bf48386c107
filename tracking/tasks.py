"""What has to be done once in a while for the event log."""

from celery import shared_task
from django.conf import settings

from tracking import retention

KEEP = "tracking.keep_partitions"


@shared_task(name=KEEP)
def keep_partitions() -> None:
    """Make the partitions of the days to come and drop those whose events are no longer kept."""
    retention.keep_partitions()
    retention.drop_partitions(settings.EVENTS_KEPT_DAYS)
