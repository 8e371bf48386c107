"""The rules run again over history: slice by slice, resumable; what differs is proposed as a revision."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction

from tracking import logged_hits, revisions
from tracking.classify import Rules
from tracking.logged_hits import ENGAGEMENT, Span
from tracking.models import Reclassification

HITS_AT_ONCE = 5000
_SMALLEST_STEP = timedelta(microseconds=1)


class Slice(NamedTuple):
    start: datetime
    end: datetime  # not included


@dataclass(slots=True)
class Outcome:
    """What became of the hits of a slice: how many were judged, and "from → to" of those that changed."""

    judged: int = 0
    changes: Counter[str] = field(default_factory=Counter)


def next_slice(start: datetime, end: datetime, hits: int = HITS_AT_ONCE) -> Slice | None:
    """The next part of a span of time with about so many hits; None when there are none left."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT min(happened_at), max(happened_at), count(*) FROM (SELECT happened_at FROM tracking_event "
            "WHERE happened_at >= %s AND happened_at < %s AND type = ANY(%s) ORDER BY happened_at LIMIT %s) h",
            [start, end, ENGAGEMENT, hits],
        )
        first, last, count = cursor.fetchone()
    if not count:
        return None
    if count < hits:
        return Slice(first, end)
    # The last instant may go on behind the limit; a slice that is one instant is taken as a whole.
    return Slice(first, last if last > first else last + _SMALLEST_STEP)


def judge_slice(part: Slice, rules: Rules, dry_run: bool) -> Outcome:
    """Judge the hits of a slice in the company of all others of their messages."""
    outcome = Outcome()
    messages = {number: Span(part.start, part.end - _SMALLEST_STEP) for number in _messages(part)}
    judged = logged_hits.judged_again(messages, rules)
    outcome.judged = len(judged)
    changed = logged_hits.changed(judged)
    for hit, verdict in changed:
        outcome.changes[_change(hit.traffic, verdict.traffic.value)] += 1
    if not dry_run:
        revisions.propose([(hit.event_id, hit.happened_at, verdict) for hit, verdict in changed])
    return outcome


def begin_or_resume(start: datetime, end: datetime | None, now: datetime, rules: Rules) -> Reclassification:
    """The unfinished run of these rules over this span of time, else a new one; `end` None means until now."""
    unfinished = Reclassification.objects.filter(start=start, rules=rules.version, is_finished=False)
    found = (unfinished if end is None else unfinished.filter(end=end)).order_by("-id").first()
    return found or Reclassification.objects.create(
        start=start, end=end or now, position=start, rules=rules.version
    )


def step(run: Reclassification, rules: Rules) -> bool:
    """Judge the next slice of a run and note how far it is, in one transaction; False when the run is over."""
    with transaction.atomic():
        run = Reclassification.objects.select_for_update().get(id=run.id)
        part = next_slice(run.position, run.end)
        if part is None:
            run.is_finished = True
        else:
            outcome = judge_slice(part, rules, dry_run=False)
            run.position, run.judged = part.end, run.judged + outcome.judged
            run.changes = dict(Counter(run.changes) + outcome.changes)
        run.save()
        return part is not None


def _messages(part: Slice) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT message FROM tracking_event "
            "WHERE happened_at >= %s AND happened_at < %s AND type = ANY(%s)",
            [part.start, part.end, ENGAGEMENT],
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return [row[0] for row in rows]


def _change(before: str, after: str) -> str:
    return f"{before} → {after}" if before != after else f"{after}, for other reasons"
