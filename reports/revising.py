"""New verdicts on hits, made true in the event log and in the rollups in one transaction: both always agree."""

from collections.abc import Sequence
from datetime import timedelta

from reports import days, log_cells, rollup_store
from reports.log_cells import BUCKET_SECONDS, Cell
from reports.models import Day
from tracking import revisions

_AT_ONCE = 5000


def apply(end: int) -> int:
    """Take revisions that transactions below `end` proposed, when the rollups hold all that these wrote.

    Returns how many were taken. Whatever is revised has been counted: an event is in the log before anyone can
    propose a new verdict on it.
    """
    taken = revisions.take(end, _AT_ONCE)
    if not taken:
        return 0
    events = [(revision.happened_at, revision.event_id) for revision in taken]
    # 1. What the rollups hold of these events; nobody else changes either of them.
    gone = log_cells.of_events(events)
    # 2. The log.
    revisions.apply(taken)
    # 3. What the rollups are to hold instead.
    come = log_cells.of_events(events)
    _correct(gone, come, end)
    return len(taken)


def _correct(gone: list[Cell], come: list[Cell], end: int) -> None:
    # Rollups of a day that retention has dropped are not begun again.
    kept = set(
        Day.objects.filter(start__in={days.day_of(cell.bucket) for cell in gone}).values_list("start", flat=True)
    )
    gone, come = ([cell for cell in cells if days.day_of(cell.bucket) in kept] for cells in (gone, come))
    if _facts(gone) == _facts(come):
        return
    buckets = [cell.bucket for cell in gone]
    messages = {number for cell in (*gone, *come) for number in cell.messages or ()}
    present = log_cells.of_messages(
        sorted(messages), min(buckets), max(buckets) + timedelta(seconds=BUCKET_SECONDS), end
    )
    rollup_store.correct(gone, come, present)
    days.touch({days.day_of(bucket) for bucket in buckets})


def _facts(cells: Sequence[Cell]) -> list[str]:
    return sorted(map(repr, cells))
