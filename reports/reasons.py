"""Why messages were refused: rows by reason and classification (contract 80 §6), and attempts (§8)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from reports.classification import ADMIN_CODE, CLASSES, Category, bounce_class
from reports.engine import tallies
from reports.metrics import MOST_RETRIES, REJECTIONS, Fact
from reports.questions import DETAIL, Question
from tracking.events import EventType

BOUNCE_METRICS = ("count_bounce", "count_inband_bounce", "count_outofband_bounce", "count_admin_bounce")
DELAY_METRICS = ("count_delayed", "count_delayed_first")

# rejection_category_id -> rejection_type
REJECTION_TYPES = {1: "Policy Rejection", 2: "Generation Rejection", 3: "Generation Failure"}
_REJECTION_IDS = {
    EventType.POLICY_REJECTION: 1,
    EventType.GENERATION_REJECTION: 2,
    EventType.GENERATION_FAILURE: 3,
}

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Breakdown:
    """A row before it is presented: the group's values, the code that its facts share, and its metrics."""

    group: tuple[str, ...]
    code: int
    values: dict[str, int]


def bounces(question: Question) -> list[Breakdown]:
    """By classification code; rejections count as classification 25."""
    return _by_code(question, _classification)


def rejections(question: Question) -> list[Breakdown]:
    """By rejection_category_id."""
    return _by_code(question, lambda fact: _REJECTION_IDS[EventType(fact.type)])


def delays(question: Question) -> list[Breakdown]:
    return _by_code(question, lambda _: 0)


def attempts(question: Question) -> list[Breakdown]:
    """Deliveries by attempt: 1, 2, and 3 for the third or a later one."""
    return _by_code(question, lambda fact: min(fact.retries, 2) + 1)


# What the Accepted report tells apart (contract 90 §5): label, and the retries of the last attempt of the group.
ATTEMPT_GROUPS = (("1st", 0), ("2nd–5th", 4), ("6th–9th", 8), ("10+", MOST_RETRIES))


def attempt_groups(question: Question) -> list[Breakdown]:
    """Deliveries by group of attempts; the code is the index in ATTEMPT_GROUPS."""
    return _by_code(question, _attempt_group)


def _attempt_group(fact: Fact) -> int:
    return next(index for index, (_, last) in enumerate(ATTEMPT_GROUPS) if fact.retries <= last)


def _by_code(question: Question, code: Callable[[Fact], int]) -> list[Breakdown]:
    rows = [
        Breakdown(key.group, number, part.values(question.metrics))
        for key, tally in tallies(question).items()
        for number, part in tally.split(code).items()
    ]
    return [row for row in rows if any(row.values.values())]


def _classification(fact: Fact) -> int:
    return ADMIN_CODE if fact.type in REJECTIONS else bounce_class(fact.bounce_class).code


def present_bounce(row: Breakdown, names: tuple[str, ...], values: dict[str, int]) -> Row:
    """The fields of a bounce-reason or bounce-classification row; `values` are the metrics to show."""
    entry = CLASSES[row.code]
    return {
        **_texts(names, row.group),
        "bounce_class_name": entry.name,
        "bounce_class_description": entry.description,
        "bounce_category_id": int(entry.category),
        "bounce_category_name": entry.category.label,
        "classification_id": entry.code,
        **values,
    }


def present_rejection(row: Breakdown, names: tuple[str, ...]) -> Row:
    """The fields of a rejection-reason row; both spellings of the category's name occur in clients."""
    kind = REJECTION_TYPES[row.code]
    return {
        **_texts(names, row.group),
        **row.values,
        "rejection_category_id": row.code,
        "rejection_type": kind,
        "rejection_category_name": kind,
    }


def present_delay(row: Breakdown, names: tuple[str, ...]) -> Row:
    return {**_texts(names, row.group), **row.values}


def is_admin(row: Breakdown) -> bool:
    return CLASSES[row.code].category is Category.ADMIN


def _texts(names: tuple[str, ...], group: tuple[str, ...]) -> Row:
    keys = ["reason" if name == DETAIL else "domain" for name in names]
    return dict(zip(keys, group, strict=True))
