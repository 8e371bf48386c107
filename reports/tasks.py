"""What has to be done once in a while for the rollups."""

from datetime import timedelta

from celery import shared_task
from django.conf import settings

from momentum.lib import clock
from reports import rollups

FORGET = "reports.forget"


@shared_task(name=FORGET)
def forget() -> None:
    """Drop the rollups of days whose metrics are no longer kept."""
    rollups.forget_before(clock.now() - timedelta(days=settings.METRICS_KEPT_DAYS))
