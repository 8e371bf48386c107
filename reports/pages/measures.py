"""What can be chosen to be shown: metrics, rates and averages under one roof (contract 90 §4)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.conf import settings

from reports.dimensions import SUBJECT
from reports.metrics import AVERAGES, METRICS, RATES, REJECTIONS, Unit
from reports.tally import needs

# Events that never have a value of these fields: nothing that is rejected has a sending IP, or a subject.
_LACKING: Mapping[str, frozenset[str]] = {
    field: frozenset(kind.value for kind in REJECTIONS) for field in ("sending_ip", SUBJECT)
}


@dataclass(frozen=True, slots=True)
class Measure:
    """A figure that pages show, calculated from `metrics`."""

    name: str
    label: str
    description: str
    unit: Unit
    metrics: tuple[str, ...]
    of: Callable[[Mapping[str, int]], float]

    def supports(self, fields: Iterable[str]) -> bool:
        """Whether filters on these fields mean anything for it; where they do not, N/A is shown."""
        types = needs(self.metrics).types
        return not any(types & _LACKING.get(field, frozenset()) for field in fields)


def label(metric: str) -> str:
    """A metric's label; figures that the original estimates are marked as such where a setting says so."""
    estimated = f"{metric}_approx" in METRICS and getattr(settings, "REPORTS_APPROXIMATE_LABELS", False)
    return f"{METRICS[metric].label} (approx.)" if estimated else METRICS[metric].label


def measure(name: str) -> Measure:
    """The measure of that name. KeyError if there is none."""
    if name in RATES:
        rate = RATES[name]
        part, whole = METRICS[rate.part].label, METRICS[rate.whole].label
        return Measure(name, rate.label, f"{part} / {whole}.", Unit.PERCENT, (rate.part, rate.whole), rate.value)
    if name in AVERAGES:
        average = AVERAGES[name]
        parts = (average.total, average.count)
        return Measure(name, average.label, average.description, average.unit, parts, average.value)
    metric = METRICS[name]
    return Measure(name, label(name), metric.description, metric.unit, (name,), lambda values: values[name])


def metrics_of(measures: Iterable[Measure]) -> tuple[str, ...]:
    """The metrics that some measures are calculated from."""
    return tuple(dict.fromkeys(name for one in measures for name in one.metrics))


def figure(one: Measure, values: Mapping[str, int], fields: Iterable[str]) -> float | None:
    """Its value; None where filters are in force that it does not support."""
    if not one.supports(fields):
        return None
    value = one.of(values)
    return value if one.unit is Unit.PERCENT else round(value)


GROUPS: Mapping[str, tuple[str, ...]] = {
    "Injection": (
        *("count_targeted", "count_injected", "count_rejected", "count_policy_rejection"),
        *("count_generation_failed", "count_generation_rejection", "rejection_rate"),
    ),
    "Delivery": (
        *("count_sent", "count_accepted", "accepted_rate", "count_delivered_first", "count_delivered_subsequent"),
        *("avg_latency_first", "avg_latency_subsequent", "avg_message_size", "total_msg_volume"),
        *("count_delayed", "count_delayed_first", "delayed_rate"),
    ),
    "Deliverability": (
        *("count_bounce", "bounce_rate", "count_hard_bounce", "hard_bounce_rate", "count_soft_bounce"),
        *("soft_bounce_rate", "count_block_bounce", "block_bounce_rate", "count_admin_bounce"),
        *("admin_bounce_rate", "count_undetermined_bounce", "undetermined_bounce_rate"),
        *("count_inband_bounce", "count_outofband_bounce", "count_spam_complaint", "complaint_rate"),
    ),
    "Engagement": (
        *("count_rendered", "count_unique_rendered", "count_initial_rendered", "count_unique_initial_rendered"),
        *("count_unique_confirmed_opened", "count_clicked", "count_unique_clicked", "open_rate"),
        *("click_through_rate", "count_unsubscribe", "unsubscribe_rate"),
    ),
}
SELECTABLE = tuple(name for names in GROUPS.values() for name in names)
DEFAULT = ("count_targeted", "count_rendered", "count_accepted", "count_bounce")
MOST = 5


def chosen(names: Iterable[str]) -> tuple[Measure, ...]:
    """The measures of an address: known ones, up to MOST; the default where there are none."""
    known = [name for name in names if name in SELECTABLE][:MOST]
    return tuple(measure(name) for name in known or DEFAULT)


def refused(names: Iterable[str]) -> tuple[str, ...]:
    """The labels of the known ones beyond MOST."""
    return tuple(measure(name).label for name in [name for name in names if name in SELECTABLE][MOST:])
