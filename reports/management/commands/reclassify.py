"""`manage.py reclassify`: the rules in force over what is already in the event log."""

import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from momentum.lib import clock
from reports import rollups
from tracking import classify, reclassifying, revisions
from tracking.classify import Rules
from tracking.models import Reclassification

_BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
# So many revisions may wait for the rollups before the next slice is judged.
_WAITING_LIMIT = 10_000
_PAUSE_S = 0.05


class Command(BaseCommand):
    """May be stopped at any time: the same call goes on where it was. Runs beside recorders, hits and reports."""

    help = "Judge the hits in the event log again by the rules in force; rollups follow"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--from", dest="start", help="ISO 8601 date or time (UTC unless it says otherwise)")
        parser.add_argument("--to", dest="end", help="the same; not included")
        parser.add_argument("--dry-run", action="store_true", help="change nothing, print what would change")

    def handle(self, **options: Any) -> None:
        start, end = _instant(options["start"]) or _BEGINNING, _instant(options["end"])
        if end is not None and end <= start:
            raise CommandError("--to must be later than --from")
        rules = classify.load()
        if options["dry_run"]:
            self._dry_run(start, end or clock.now(), rules)
        else:
            self._run(start, end, rules)

    def _dry_run(self, start: datetime, end: datetime, rules: Rules) -> None:
        judged, changes = 0, Counter[str]()
        while (part := reclassifying.next_slice(start, end)) is not None:
            outcome = reclassifying.judge_slice(part, rules, dry_run=True)
            judged, changes, start = judged + outcome.judged, changes + outcome.changes, part.end
        self._tell("would change", judged, changes, rules)

    def _run(self, start: datetime, end: datetime | None, rules: Rules) -> None:
        run = reclassifying.begin_or_resume(start, end, clock.now(), rules)
        if run.judged:
            self.stdout.write(f"Going on at {run.position:%Y-%m-%d %H:%M:%S}.")
        while reclassifying.step(run, rules):
            _let_rollups_follow(_WAITING_LIMIT)
        _let_rollups_follow(0)
        run = Reclassification.objects.get(id=run.id)
        self._tell("changed", run.judged, run.changes, rules)

    def _tell(self, verb: str, judged: int, changes: Mapping[str, int], rules: Rules) -> None:
        total = sum(changes.values())
        self.stdout.write(f"{judged:,} hits judged by version {rules.version} of the rules, {total:,} {verb}.")
        for change, count in sorted(changes.items(), key=lambda item: -item[1]):
            self.stdout.write(f"{count:>12,}  {change}")


def _let_rollups_follow(limit: int) -> None:
    """Wait until no more revisions than that are left, and take part in applying them."""
    while revisions.waiting() > limit:
        if not rollups.advance():
            time.sleep(_PAUSE_S)


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as problem:
        raise CommandError(f"not a date or time: {text!r}") from problem
    return found if found.tzinfo else found.replace(tzinfo=UTC)
