"""The one engine behind the metrics API and the pages: reads facts from rollups and the log, answers questions.

Every figure is exact for any window. Only where retention has already cut the log does a window that begins or ends
inside a quarter hour take in the whole of it.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from reports import days, log_cells, reading
from reports.pieces import Piece, Source, answered_by_rollups, pieces, whole_quarter_hours
from reports.questions import Question
from reports.reading import Found, RowKey
from reports.rollups import bucket_of
from reports.tally import Tally, needs

# How often a reading that condensing got in the way of is repeated, before quarter hours alone answer.
_ATTEMPTS = 3


def tallies(question: Question) -> Found:
    """What was counted for each row that has anything; rows without anything are absent."""
    for _ in range(_ATTEMPTS):
        whole_days = days.condensed(question.edges[0], question.edges[-1])
        found = _read(question, whole_days)
        # A day that was condensed anew meanwhile may have been read half.
        if whole_days.items() <= days.condensed(question.edges[0], question.edges[-1]).items():
            return found
    return _read(question, {})


def _read(question: Question, whole_days: Collection[datetime]) -> Found:
    found: Found = defaultdict(Tally)
    needed = needs(question.metrics)
    for piece in pieces(question, whole_days):
        kept = _where_kept(piece) if answered_by_rollups(question) else piece
        add = reading.add_log if kept.source is Source.LOG else reading.add_rollups
        add(found, question, needed, kept)
    return dict(found)


def total(question: Question) -> dict[str, int]:
    """The metrics of a question without grouping and slots."""
    found = tallies(question)
    return found.get(RowKey(0, ()), Tally()).values(question.metrics)


def series(question: Question) -> list[dict[str, int]]:
    """The metrics of each slot, without grouping."""
    found = tallies(question)
    empty = Tally()
    return [found.get(RowKey(slot, ()), empty).values(question.metrics) for slot in range(len(question.edges) - 1)]


def grouped(question: Question) -> dict[tuple[str, ...], dict[str, int]]:
    """The metrics of each group of a question without slots."""
    return {key.group: tally.values(question.metrics) for key, tally in tallies(question).items()}


def _where_kept(piece: Piece) -> Piece:
    """The piece itself, or its whole quarter hours where retention has cut the log: rollups are kept longer."""
    if piece.source is not Source.LOG:
        return piece
    oldest = log_cells.log_start()
    lies_in_log = oldest is not None and piece.end > bucket_of(oldest)
    return piece if lies_in_log else whole_quarter_hours(piece)
