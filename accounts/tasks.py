"""What has to be done once in a while for people's logins."""

from celery import shared_task
from django.contrib.sessions.backends.db import SessionStore

FORGET = "accounts.forget_sessions"


@shared_task(name=FORGET)
def forget_sessions() -> None:
    """Delete sessions that have run out."""
    SessionStore.clear_expired()
