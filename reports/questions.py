"""What can be asked of the engine, as plain values: a window, filters, a grouping."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reports.dimensions import DIMENSIONS, NODE, SUBJECT

# What `group_by` of a question may name besides the dimensions: the link of a click or the reason of a refusal.
DETAIL = "detail"
# A condition on a value that every event has by its nature (contract 80 §4.1, `subaccounts`: here always "0").
SUBACCOUNT = "subaccount_id"
PRIMARY_ACCOUNT = "0"

FILTERABLE = frozenset({*DIMENSIONS, SUBJECT, NODE, SUBACCOUNT})


class Comparison(StrEnum):
    EQUAL = "eq"
    NOT_EQUAL = "notEq"
    LIKE = "like"
    NOT_LIKE = "notLike"


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of a field with values: any of them matches, or none may (the `not` forms)."""

    field: str
    comparison: Comparison
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions joined by AND or OR."""

    conditions: tuple[Condition, ...]
    any_of: bool = False


@dataclass(frozen=True, slots=True)
class Filters:
    """Groups, all of which must hold; `people_only` leaves out hits of prefetchers and scanners."""

    groups: tuple[Group, ...] = ()
    people_only: bool = False

    @property
    def fields(self) -> frozenset[str]:
        return frozenset(condition.field for group in self.groups for condition in group.conditions)


@dataclass(frozen=True, slots=True)
class Question:
    """Metrics over a window.

    `edges` are ascending instants: two for one total, more for a series of slots between them; the last one is
    outside of the window.
    """

    metrics: tuple[str, ...]
    edges: tuple[datetime, ...]
    filters: Filters = Filters()
    group_by: tuple[str, ...] = ()


def equal(field: str, values: tuple[str, ...]) -> Group:
    """The group of one simple filter: the field is one of the values."""
    return Group((Condition(field, Comparison.EQUAL, values),))
