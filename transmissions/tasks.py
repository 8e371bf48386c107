"""Celery's way into the pipeline. Each task is a hint to look at the database; none carries anything."""

from celery import shared_task
from django.conf import settings

from transmissions import hints, retention
from transmissions.actions import erase, imports
from transmissions.pipeline import claim, generating, importing, retrying
from transmissions.suppression import following


@shared_task(name=hints.GENERATE)
def generate() -> None:
    """Generate, deliver and settle chunks that are due."""
    if generating.generate_due():
        hints.generation(1)


@shared_task(name=hints.RETRY)
def retry() -> None:
    """Try deferred messages again."""
    if retrying.retry_due():
        hints.retries()


@shared_task(name=hints.IMPORT)
def import_list() -> None:
    """Read an uploaded file into a recipient list."""
    if importing.import_due():
        hints.imports()


@shared_task(name=hints.ERASE)
def erase_people() -> None:
    """Work through requests for erasure."""
    if erase.erase_due():
        hints.erasures()


@shared_task(name=hints.FORGET)
def forget() -> None:
    """Delete what is not kept any longer of transmissions, snippets and imports."""
    imports.tidy()
    if retention.forget_messages(settings.MESSAGES_KEPT_DAYS):
        hints.forgetting()
    retention.forget_transmissions(settings.EVENTS_KEPT_DAYS)
    retention.forget_snippet_versions()


@shared_task(name=hints.LOOK)
def look() -> None:
    """Wake workers for whatever is due: what was scheduled, deferred, left by a dead worker, or never hinted."""
    chunks, messages = claim.due_work()
    hints.generation(chunks)
    if messages:
        hints.retries()
    if importing.is_due():
        hints.imports()


@shared_task(name=hints.FOLLOW)
def follow() -> None:
    """Put into the suppression list who unsubscribed, complained or does not exist (beat, every 2 seconds)."""
    while following.advance():
        pass
