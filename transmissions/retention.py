"""What is deleted of transmissions that are over: messages, recipients and contents first, much later the rest.

Reports do not need them: they are made from the event log. Links do not either: a token is all that a hit needs.
"""

import time
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, Min, OuterRef
from django.db.models.functions import Coalesce

from momentum.lib import clock
from tracking import configuration
from transmissions.models import Chunk, Message, Snapshot, SnippetVersion, Transmission
from transmissions.progress import counts_of

# A worker that is asked to stop waits for its task.
BUDGET_S = 10.0
_AT_ONCE = 100
_OVER = (Transmission.State.SUCCESS, Transmission.State.CANCELED)


def forget_messages(kept_days: int) -> bool:
    """Delete messages, recipients and contents of transmissions that ended so many days ago.

    True when time ended before that was over. What was counted stays with the transmission.
    """
    deadline = time.monotonic() + BUDGET_S
    while time.monotonic() < deadline:
        # 1. What an earlier run has begun, a chunk at a time.
        begun = Chunk.objects.filter(transmission__forgotten_at__isnull=False).values_list("id", flat=True)
        for chunk_id in list(begun[:_AT_ONCE]):
            _delete_chunk(chunk_id)
        if begun.exists():
            continue
        # 2. The next transmissions.
        due = _over(kept_days)[:_AT_ONCE]
        if not due:
            return False
        for transmission_id in due:
            _begin(transmission_id)
    return True


def forget_transmissions(kept_days: int) -> None:
    """Delete transmissions older than that, unless they are under way or their links still live."""
    expiry = timedelta(seconds=configuration.current().tracking_link_expiry)
    before = clock.now() - max(timedelta(days=kept_days), expiry)
    unneeded = Transmission.objects.filter(forgotten_at__isnull=False, created_at__lt=before, start_at__lt=before)
    unneeded = unneeded.filter(~Exists(Chunk.objects.filter(transmission=OuterRef("pk"))))
    while some := list(unneeded.values_list("id", flat=True)[:_AT_ONCE]):
        Transmission.objects.filter(id__in=some).delete()


def forget_snippet_versions() -> None:
    """Delete versions of snippets that no transmission can ask for any more (transmissions.snippets.as_of)."""
    started = Transmission.objects.filter(forgotten_at=None, generation_started_at__isnull=False)
    earliest = started.aggregate(earliest=Min("generation_started_at"))["earliest"] or clock.now()
    SnippetVersion.objects.filter(ends_at__lt=earliest).delete()


def _over(kept_days: int) -> list[int]:
    """Transmissions of which nothing is due any more, since so many days at least."""
    ended = Coalesce("generation_ended_at", "start_at")
    undone = Chunk.objects.filter(transmission=OuterRef("pk"), done_at=None)
    deferred = Message.objects.filter(transmission=OuterRef("pk"), state=Message.State.DEFERRED)
    before = clock.now() - timedelta(days=kept_days)
    found = Transmission.objects.annotate(ended=ended).filter(
        ~Exists(undone),
        ~Exists(deferred),
        forgotten_at=None,
        state__in=_OVER,
        created_at__lt=before,
        ended__lt=before,
    )
    return list(found.order_by("created_at").values_list("id", flat=True)[:_AT_ONCE])


def _begin(transmission_id: int) -> None:
    """Keep the counts, delete the contents; the chunks follow."""
    with transaction.atomic():
        counts = counts_of(Transmission.objects.select_for_update().filter(id=transmission_id))[transmission_id]
        Transmission.objects.filter(id=transmission_id).update(
            num_generated=counts.generated,
            num_failed=counts.failed,
            num_delivered=counts.delivered,
            num_bounced=counts.bounced,
            forgotten_at=clock.now(),
        )
        Snapshot.objects.filter(transmission_id=transmission_id).delete()


def _delete_chunk(chunk_id: int) -> None:
    with transaction.atomic():
        Message.objects.filter(chunk_id=chunk_id).delete()
        Chunk.objects.filter(id=chunk_id).delete()
