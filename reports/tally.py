"""From facts to metrics: adding up what was read and evaluating the formulas on it."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from pyroaring import BitMap64

from reports.metrics import METRICS, Events, Fact, M, N, Pairs, Sum, Total, closure


@dataclass(slots=True)
class Figures:
    count: int = 0
    msg_size: int = 0
    queue_time: int = 0


@dataclass(slots=True)
class Tally:
    """Everything read about one row of an answer.

    `messages` holds message numbers by fact and link; links are told apart only where a question needs pairs.
    """

    figures: dict[Fact, Figures] = field(default_factory=lambda: defaultdict(Figures))
    messages: dict[tuple[Fact, str], BitMap64] = field(default_factory=lambda: defaultdict(BitMap64))

    def add(self, fact: Fact, count: int, msg_size: int, queue_time: int) -> None:
        figures = self.figures[fact]
        figures.count += count
        figures.msg_size += msg_size
        figures.queue_time += queue_time

    def add_messages(self, fact: Fact, link: str, messages: BitMap64) -> None:
        self.messages[fact, link] |= messages

    def values(self, names: Sequence[str]) -> dict[str, int]:
        """The metrics named, in that order."""
        known: dict[str, int] = {}
        for name in closure(tuple(names)):
            formula = METRICS[name].formula
            match formula:
                case N(of):
                    known[name] = self._sum("count", of)
                case Total(figure, of):
                    known[name] = self._sum(figure, of)
                case M(of):
                    known[name] = _distinct(self._bitmaps(of))
                case Pairs(of):
                    known[name] = self._pairs(of)
                case Sum():
                    known[name] = formula.value(known)
        return {name: known[name] for name in names}

    def split(self, key: Callable[[Fact], int]) -> "dict[int, Tally]":
        """The figures apart by a property of their facts."""
        parts: dict[int, Tally] = defaultdict(Tally)
        for fact, figures in self.figures.items():
            parts[key(fact)].figures[fact] = figures
        return dict(parts)

    def _sum(self, figure: str, of: Events) -> int:
        return sum(getattr(figures, figure) for fact, figures in self.figures.items() if of.holds(fact))

    def _bitmaps(self, of: Events) -> list[BitMap64]:
        return [messages for (fact, _), messages in self.messages.items() if of.holds(fact)]

    def _pairs(self, of: Events) -> int:
        by_link: dict[str, list[BitMap64]] = defaultdict(list)
        for (fact, link), messages in self.messages.items():
            if of.holds(fact):
                by_link[link].append(messages)
        return sum(_distinct(bitmaps) for bitmaps in by_link.values())


def _distinct(bitmaps: Sequence[BitMap64]) -> int:
    return len(BitMap64.union(*bitmaps)) if bitmaps else 0


@dataclass(frozen=True, slots=True)
class Needs:
    """What has to be read for some metrics."""

    types: frozenset[str]
    messages: bool
    pairs: bool


def needs(names: Iterable[str]) -> Needs:
    """The event types that the metrics are made of, and whether message numbers and links matter."""
    formulas = [METRICS[name].formula for name in closure(tuple(names))]
    types = (formula.of.types for formula in formulas if not isinstance(formula, Sum))
    return Needs(
        frozenset().union(*types),
        any(isinstance(formula, M | Pairs) for formula in formulas),
        any(isinstance(formula, Pairs) for formula in formulas),
    )
