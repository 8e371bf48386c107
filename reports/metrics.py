"""Every metric, declared once (contract 80 §1); rollups, the metrics API and the pages read this table.

A metric is a formula over *facts*: groups of events that differ in nothing a formula asks about. N counts events,
M counts distinct messages among them, Total adds up one of their figures, Pairs counts distinct (message, link)
pairs, and Sum combines other metrics. Adding a metric means adding a line here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from reports.classification import Category, bounce_class
from tracking.events import CLICK_TYPES, OPEN_TYPES, EventType
from tracking.tokens import SENT_WITH_CLICK_TRACKING, SENT_WITH_INITIAL_OPEN, SENT_WITH_OPEN_TRACKING

BOTTOM_PIXEL = frozenset({EventType.OPEN, EventType.AMP_OPEN})
TOP_PIXEL = frozenset({EventType.INITIAL_OPEN, EventType.AMP_INITIAL_OPEN})
BOUNCES = frozenset({EventType.BOUNCE, EventType.OUT_OF_BAND})
REJECTIONS = frozenset({EventType.POLICY_REJECTION, EventType.GENERATION_REJECTION, EventType.GENERATION_FAILURE})
# Only these have a unique metric, so only their message numbers are kept in rollups.
ENGAGEMENT = OPEN_TYPES | CLICK_TYPES
# Attempts are told apart up to the tenth; the report groups them as 1st, 2nd–5th, 6th–9th and 10+ (contract 90 §5).
MOST_RETRIES = 9


# Either pixel tells of an opening.
_OPENS_TRACKED = SENT_WITH_OPEN_TRACKING | SENT_WITH_INITIAL_OPEN
TRACKED_BITS = _OPENS_TRACKED | SENT_WITH_CLICK_TRACKING


class Unit(StrEnum):
    COUNT = "Count"
    PERCENT = "Percent"
    MILLISECONDS = "Milliseconds"
    BYTES = "Bytes"


@dataclass(frozen=True, slots=True)
class Fact:
    """What formulas can ask about an event.

    `bounce_class` is 0 where the event has none; `retries` stops at MOST_RETRIES; `prefetched` is set for
    opens by an image proxy that loads ahead of the reader; `tracked` holds, for deliveries, what their copies were
    sent with (bits of tracking.tokens).
    """

    type: str
    bounce_class: int = 0
    retries: int = 0
    prefetched: bool = False
    tracked: int = 0


def _always(_: Fact) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Events:
    """A condition on facts: some types, and what else must hold."""

    types: frozenset[str]
    when: Callable[[Fact], bool] = _always

    def holds(self, fact: Fact) -> bool:
        return fact.type in self.types and self.when(fact)


@dataclass(frozen=True, slots=True)
class N:
    """How many events."""

    of: Events


@dataclass(frozen=True, slots=True)
class M:
    """How many distinct messages have such an event."""

    of: Events


@dataclass(frozen=True, slots=True)
class Pairs:
    """How many distinct pairs of message and link have such an event."""

    of: Events


@dataclass(frozen=True, slots=True)
class Total:
    """The sum of one figure of the events: `msg_size` (bytes) or `queue_time` (ms)."""

    figure: str
    of: Events


@dataclass(frozen=True, slots=True)
class Sum:
    """Other metrics added and subtracted, never below 0."""

    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()

    def value(self, values: Mapping[str, int]) -> int:
        return max(0, sum(values[name] for name in self.plus) - sum(values[name] for name in self.minus))


Formula = N | M | Pairs | Total | Sum


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric as the API and the pages know it.

    `alias_of` names the metric whose value it repeats; an `internal` one is only a part of others.
    """

    name: str
    label: str
    formula: Formula
    description: str
    unit: Unit = Unit.COUNT
    alias_of: str = ""
    internal: bool = False


def _first(fact: Fact) -> bool:
    return fact.retries == 0


def _later(fact: Fact) -> bool:
    return fact.retries > 0


def _in_category(*categories: Category) -> Callable[[Fact], bool]:
    return lambda fact: bounce_class(fact.bounce_class).category in categories


def _read_by_person(fact: Fact) -> bool:
    return not fact.prefetched


def _tracked_for_opens(fact: Fact) -> bool:
    return bool(fact.tracked & _OPENS_TRACKED)


def _tracked_for_clicks(fact: Fact) -> bool:
    return bool(fact.tracked & SENT_WITH_CLICK_TRACKING)


def _events(types: frozenset[EventType] | EventType, when: Callable[[Fact], bool] = _always) -> Events:
    chosen = types if isinstance(types, frozenset) else frozenset({types})
    return Events(frozenset(kind.value for kind in chosen), when)


_BOUNCED = (Category.UNDETERMINED, Category.HARD, Category.SOFT, Category.BLOCK)

_COUNTS = (
    Metric("count_injected", "Injected", N(_events(EventType.INJECTION)), "Messages generated or received."),
    Metric(
        "count_policy_rejection",
        "Policy Rejections",
        N(_events(EventType.POLICY_REJECTION)),
        "Messages refused by policy at reception.",
    ),
    Metric(
        "count_generation_rejection",
        "Generation Rejections",
        N(_events(EventType.GENERATION_REJECTION)),
        "Messages not generated because of policy, such as a suppressed recipient.",
    ),
    Metric(
        "count_generation_failed",
        "Generation Failures",
        N(_events(EventType.GENERATION_FAILURE)),
        "Messages that could not be generated because of a fault in their content.",
    ),
    Metric(
        "count_rejected",
        "Rejected",
        Sum(("count_policy_rejection", "count_generation_rejection", "count_generation_failed")),
        "Policy rejections, generation rejections and generation failures.",
    ),
    Metric("count_targeted", "Targeted", Sum(("count_injected", "count_rejected")), "Injected and rejected."),
    Metric("count_delivered", "Delivered", N(_events(EventType.DELIVERY)), "Receipts by the remote server."),
    Metric(
        "count_delivered_first",
        "Delivered 1st Attempt",
        N(_events(EventType.DELIVERY, _first)),
        "Messages delivered at the first attempt.",
    ),
    Metric(
        "count_delivered_subsequent",
        "Delivered 2+ Attempts",
        N(_events(EventType.DELIVERY, _later)),
        "Messages delivered at a later attempt.",
    ),
    Metric(
        "count_inband_bounce",
        "In-Band Bounces",
        N(_events(EventType.BOUNCE, _in_category(*_BOUNCED))),
        "Messages refused for good during the SMTP dialogue.",
    ),
    Metric(
        "count_outofband_bounce",
        "Out-of-Band Bounces",
        N(_events(EventType.OUT_OF_BAND, _in_category(*_BOUNCED))),
        "Messages whose bounce came after they had been delivered.",
    ),
    Metric(
        "count_bounce",
        "Bounces",
        Sum(("count_inband_bounce", "count_outofband_bounce")),
        "In-band and out-of-band bounces, without those of category Admin.",
    ),
    *(
        Metric(
            f"count_{category.name.lower()}_bounce",
            f"{category.label} Bounces",
            N(_events(BOUNCES, _in_category(category))),
            f"Bounces of category {category.label}.",
        )
        for category in _BOUNCED
    ),
    Metric(
        "count_admin_failure",
        "Admin Failures",
        N(_events(BOUNCES, _in_category(Category.ADMIN))),
        "Bounces of category Admin: messages that we gave up ourselves.",
        internal=True,
    ),
    Metric(
        "count_admin_bounce",
        "Admin Bounces",
        Sum(("count_admin_failure", "count_rejected")),
        "Bounces of category Admin, and rejections.",
    ),
    Metric(
        "count_sent",
        "Sent",
        Sum(("count_delivered", "count_inband_bounce")),
        "Messages delivered or bounced in-band.",
    ),
    Metric(
        "count_accepted",
        "Accepted",
        Sum(("count_delivered",), minus=("count_outofband_bounce",)),
        "Deliveries less the out-of-band bounces.",
    ),
    Metric("count_delayed", "Delayed", N(_events(EventType.DELAY)), "Attempts that were refused for now."),
    Metric(
        "count_delayed_first",
        "Delayed 1st Attempt",
        N(_events(EventType.DELAY, _first)),
        "Messages refused for now at their first attempt.",
    ),
    Metric(
        "total_msg_volume",
        "Delivery Message Volume",
        Total("msg_size", _events(EventType.DELIVERY)),
        "Size of the delivered messages.",
        Unit.BYTES,
    ),
    Metric(
        "total_delivery_time_first",
        "Delivery Time 1st Attempt",
        Total("queue_time", _events(EventType.DELIVERY, _first)),
        "Time from injection to delivery, added up over messages delivered at the first attempt.",
        Unit.MILLISECONDS,
    ),
    Metric(
        "total_delivery_time_subsequent",
        "Delivery Time 2+ Attempts",
        Total("queue_time", _events(EventType.DELIVERY, _later)),
        "Time from injection to delivery, added up over messages delivered at a later attempt.",
        Unit.MILLISECONDS,
    ),
    Metric(
        "count_clicked",
        "Clicks",
        N(_events(CLICK_TYPES)),
        "Clicks on tracked links, repeats by the same recipient included.",
    ),
    Metric("count_unique_clicked", "Unique Clicks", M(_events(CLICK_TYPES)), "Messages with a click on any link."),
    Metric(
        "count_raw_clicked",
        "Raw Clicks",
        Pairs(_events(CLICK_TYPES)),
        "Clicks counted once for each message and link.",
    ),
    Metric(
        "count_spam_complaint",
        "Spam Complaints",
        N(_events(EventType.SPAM_COMPLAINT)),
        "Messages that recipients reported as spam.",
    ),
    Metric(
        "count_unsubscribe",
        "Unsubscribes",
        N(_events(frozenset({EventType.LINK_UNSUBSCRIBE, EventType.LIST_UNSUBSCRIBE}))),
        "Unsubscriptions by link or by the mail client.",
    ),
)


def _renderings(prefix: str, label: str, when: Callable[[Fact], bool], remark: str) -> tuple[Metric, ...]:
    """The open metrics over all opens, or over those that `when` lets through; clicks always stay in."""

    def confirmed(fact: Fact) -> bool:
        return fact.type in CLICK_TYPES or when(fact)

    bottom, top = _events(BOTTOM_PIXEL, when), _events(TOP_PIXEL, when)
    return (
        Metric(
            f"count_{prefix}rendered",
            f"{label}Rendered",
            N(bottom),
            f"Times the pixel at the bottom of a message was loaded{remark}.",
        ),
        Metric(
            f"count_{prefix}unique_rendered",
            f"{label}Unique Rendered",
            M(bottom),
            f"Messages whose bottom pixel was loaded{remark}.",
        ),
        Metric(
            f"count_{prefix}initial_rendered",
            f"{label}Initial Rendered",
            N(top),
            f"Times the pixel at the top of a message was loaded{remark}.",
        ),
        Metric(
            f"count_{prefix}unique_initial_rendered",
            f"{label}Unique Initial Rendered",
            M(top),
            f"Messages whose top pixel was loaded{remark}.",
        ),
        Metric(
            f"count_{prefix}unique_confirmed_opened",
            f"{label}Unique Confirmed Opens",
            M(_events(ENGAGEMENT, confirmed)),
            f"Messages with either pixel loaded{remark}, or a link clicked.",
        ),
    )


_OPENS = _renderings("", "", _always, "") + _renderings(
    "nonprefetched_", "Non-Prefetched ", _read_by_person, ", prefetching left out"
)

_APPROXIMATED = (
    *(metric.name for metric in _OPENS if isinstance(metric.formula, M)),
    *("count_unique_clicked", "count_raw_clicked"),
)

# Ours, not the contract's: whose openings and clicks could be seen at all. A recipient who declined is not in them.
_TRACKED = (
    Metric(
        "count_open_tracked",
        "Tracked for Opens",
        N(_events(EventType.DELIVERY, _tracked_for_opens)),
        "Delivered messages that carry an open pixel.",
    ),
    Metric(
        "count_click_tracked",
        "Tracked for Clicks",
        N(_events(EventType.DELIVERY, _tracked_for_clicks)),
        "Delivered messages whose links are tracked.",
    ),
)

# Seed lists and panels do not exist here; clients that ask get 0 (contract 80 §1).
_NEVER = _events(frozenset())
_PANELS = tuple(
    Metric(name, name.removeprefix("count_").replace("_", " ").title(), N(_NEVER), "Always 0.")
    for name in (
        *("count_inbox_panel", "count_spam_panel", "count_inbox_seed", "count_spam_seed"),
        *("count_inbox_seed_private", "count_spam_seed_private"),
        *("count_inbox_seed_virtual", "count_spam_seed_virtual"),
        *("count_moved_to_inbox", "count_moved_to_spam"),
    )
)


def _declare() -> dict[str, Metric]:
    exact = {metric.name: metric for metric in (*_COUNTS, *_OPENS, *_TRACKED, *_PANELS)}
    aliases = {
        f"{name}_approx": Metric(
            f"{name}_approx",
            exact[name].label,
            exact[name].formula,
            exact[name].description,
            exact[name].unit,
            alias_of=name,
        )
        for name in _APPROXIMATED
    }
    return exact | aliases


METRICS: Mapping[str, Metric] = _declare()
OFFERED = frozenset(name for name, metric in METRICS.items() if not metric.internal)


@dataclass(frozen=True, slots=True)
class Rate:
    """A share that pages calculate from two metrics (contract 80 §1.1, the Momentum column)."""

    name: str
    label: str
    part: str
    whole: str

    def value(self, values: Mapping[str, int]) -> float:
        """The share in percent; 0 when there is nothing to share."""
        return percentage(values[self.part], values[self.whole])


def percentage(part: float, whole: float) -> float:
    """`part` of `whole` in percent; 0 where `whole` is 0."""
    return 100 * part / whole if whole else 0.0


RATES: Mapping[str, Rate] = {
    rate.name: rate
    for rate in (
        Rate("accepted_rate", "Accepted Rate", "count_accepted", "count_targeted"),
        Rate("bounce_rate", "Bounce Rate", "count_bounce", "count_targeted"),
        Rate("hard_bounce_rate", "Hard Bounce Rate", "count_hard_bounce", "count_targeted"),
        Rate("soft_bounce_rate", "Soft Bounce Rate", "count_soft_bounce", "count_targeted"),
        Rate("block_bounce_rate", "Block Bounce Rate", "count_block_bounce", "count_targeted"),
        Rate("admin_bounce_rate", "Admin Bounce Rate", "count_admin_bounce", "count_targeted"),
        Rate("undetermined_bounce_rate", "Undetermined Bounce Rate", "count_undetermined_bounce", "count_targeted"),
        Rate("inband_bounce_rate", "In-Band Bounce Rate", "count_inband_bounce", "count_targeted"),
        Rate("outofband_bounce_rate", "Out-of-Band Bounce Rate", "count_outofband_bounce", "count_targeted"),
        Rate("rejection_rate", "Rejection Rate", "count_rejected", "count_targeted"),
        Rate("delayed_rate", "Delayed Rate", "count_delayed_first", "count_accepted"),
        Rate("open_rate", "Open Rate", "count_unique_confirmed_opened", "count_accepted"),
        Rate("click_through_rate", "Click-through Rate", "count_unique_clicked", "count_accepted"),
        Rate("complaint_rate", "Spam Complaint Rate", "count_spam_complaint", "count_accepted"),
        Rate("unsubscribe_rate", "Unsubscribe Rate", "count_unsubscribe", "count_accepted"),
    )
}


@dataclass(frozen=True, slots=True)
class Average:
    """A total divided by the number of events that it was added up over (contract 80 §1)."""

    name: str
    label: str
    description: str
    total: str
    count: str
    unit: Unit

    def value(self, values: Mapping[str, int]) -> float:
        """The average; 0 where there is nothing to divide by."""
        return values[self.total] / values[self.count] if values[self.count] else 0.0


AVERAGES: Mapping[str, Average] = {
    average.name: average
    for average in (
        Average(
            "avg_latency_first",
            "Avg Latency 1st Attempt",
            "Time from injection to delivery of messages delivered at the first attempt.",
            *("total_delivery_time_first", "count_delivered_first", Unit.MILLISECONDS),
        ),
        Average(
            "avg_latency_subsequent",
            "Avg Latency 2+ Attempts",
            "Time from injection to delivery of messages delivered at a later attempt.",
            *("total_delivery_time_subsequent", "count_delivered_subsequent", Unit.MILLISECONDS),
        ),
        Average(
            "avg_message_size",
            "Avg Delivery Message Size",
            "Size of the delivered messages.",
            *("total_msg_volume", "count_delivered", Unit.BYTES),
        ),
    )
}


def closure(names: tuple[str, ...]) -> tuple[str, ...]:
    """The metrics named and those their sums are made of, each after its parts."""
    ordered: dict[str, None] = {}

    def visit(name: str) -> None:
        formula = METRICS[name].formula
        if isinstance(formula, Sum):
            for part in formula.plus + formula.minus:
                visit(part)
        ordered[name] = None

    for name in names:
        visit(name)
    return tuple(ordered)
