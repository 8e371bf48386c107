"""Where a window is read: days and quarter hours from rollups, what sticks out at either end from the event log."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from reports.days import DAY, day_of
from reports.dimensions import DIMENSIONS
from reports.log_cells import BUCKET_SECONDS
from reports.questions import DETAIL, SUBACCOUNT, Question
from reports.rollups import bucket_of

_BUCKET = timedelta(seconds=BUCKET_SECONDS)


class Source(Enum):
    """What a part of a window is read from."""

    LOG = "log"
    QUARTER_HOURS = "quarter hours"
    DAYS = "days"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the window and where it is read."""

    start: datetime
    end: datetime
    source: Source


def pieces(question: Question, whole_days: Collection[datetime]) -> Iterator[Piece]:
    """The window in ascending parts; `whole_days` are the starts of the days that have been condensed."""
    start, end = question.edges[0], question.edges[-1]
    first, last = _next_edge(start), bucket_of(end)
    if first > last or not answered_by_rollups(question):
        yield Piece(start, end, Source.LOG)
        return
    if start < first:
        yield Piece(start, first, Source.LOG)
    cut = {day_of(edge) for edge in question.edges[1:-1] if edge != day_of(edge)}
    usable = sorted(day for day in whole_days if first <= day and day + DAY <= last and day not in cut)
    for begin, finish in _runs(usable):
        if first < begin:
            yield Piece(first, begin, Source.QUARTER_HOURS)
        yield Piece(begin, finish, Source.DAYS)
        first = finish
    if first < last:
        yield Piece(first, last, Source.QUARTER_HOURS)
    if last < end:
        yield Piece(last, end, Source.LOG)


def whole_quarter_hours(piece: Piece) -> Piece:
    """The quarter hours that a piece touches, from rollups."""
    return Piece(bucket_of(piece.start), _next_edge(piece.end), Source.QUARTER_HOURS)


def _runs(starts: Iterable[datetime]) -> Iterator[tuple[datetime, datetime]]:
    """Consecutive days joined: the start of each run and its end."""
    run: tuple[datetime, datetime] | None = None
    for day in starts:
        if run is not None and run[1] == day:
            run = (run[0], day + DAY)
            continue
        if run is not None:
            yield run
        run = (day, day + DAY)
    if run is not None:
        yield run


def answered_by_rollups(question: Question) -> bool:
    """Whether rollups keep what the question names, and no bucket of it begins inside a quarter hour."""
    names = question.filters.fields | set(question.group_by)
    inner = question.edges[1:-1]
    return names <= {*DIMENSIONS, DETAIL, SUBACCOUNT} and all(bucket_of(edge) == edge for edge in inner)


def _next_edge(moment: datetime) -> datetime:
    bucket = bucket_of(moment)
    return bucket if bucket == moment else bucket + _BUCKET
