"""Waking workers. A hint that is lost costs seconds, never mail: the periodic task looks at the database."""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

GENERATE = "transmissions.generate"
RETRY = "transmissions.retry"
ERASE = "transmissions.erase"
FORGET = "transmissions.forget"
IMPORT = "transmissions.import_list"
LOOK = "transmissions.look"
FOLLOW = "transmissions.follow"

# More hints than workers that could follow them only fill the queue.
_MOST = 4

log = logging.getLogger(__name__)


def generation(chunks: int) -> None:
    """There are `chunks` chunks to be generated."""
    for _ in range(min(chunks, _MOST)):
        if not _send(GENERATE):
            return


def retries() -> None:
    """There are deferred messages to be tried again."""
    _send(RETRY)


def imports() -> None:
    """There is a file to be read into a recipient list."""
    _send(IMPORT)


def erasures() -> None:
    """There are people to be erased."""
    _send(ERASE)


def forgetting() -> None:
    """There is more that need not be kept any longer."""
    _send(FORGET)


def _send(task: str) -> bool:
    try:
        current_app.send_task(task, retry=False)
    except (OperationalError, OSError) as problem:
        log.warning("no worker could be woken (%s); the periodic task will", type(problem).__name__)
        return False
    return True
