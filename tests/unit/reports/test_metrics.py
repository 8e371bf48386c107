import re
from pathlib import Path

from reports.classification import CLASSES, Category, bounce_class
from reports.metrics import METRICS, OFFERED, RATES, Fact, Sum, closure
from reports.tally import Tally, needs


def test_aliases_repeat_a_metric_under_another_name() -> None:
    aliases = {name for name in OFFERED if name.endswith("_approx")}
    assert aliases == {f"{METRICS[name].alias_of}_approx" for name in aliases}
    assert "count_raw_clicked_approx" in aliases
    assert len(aliases) == 8


def test_sums_are_made_of_metrics_that_exist() -> None:
    for metric in METRICS.values():
        if isinstance(metric.formula, Sum):
            assert {*metric.formula.plus, *metric.formula.minus} <= METRICS.keys()
    for rate in RATES.values():
        assert {rate.part, rate.whole} <= METRICS.keys()


def test_a_sum_comes_after_its_parts() -> None:
    order = closure(("count_admin_bounce", "count_targeted"))
    assert order.index("count_rejected") < order.index("count_admin_bounce")
    assert order.index("count_injected") < order.index("count_targeted")
    assert len(order) == len(set(order))


def test_only_what_is_needed_is_read() -> None:
    assert needs(("count_targeted",)).types == {
        *("injection", "policy_rejection", "generation_rejection", "generation_failure")
    }
    assert not needs(("count_clicked",)).messages
    assert needs(("count_unique_clicked",)).messages
    assert needs(("count_raw_clicked",)).pairs
    assert not needs(("count_inbox_panel",)).types


def test_rates_of_nothing_are_zero() -> None:
    assert RATES["open_rate"].value({"count_unique_confirmed_opened": 3, "count_accepted": 0}) == 0
    assert RATES["accepted_rate"].value({"count_accepted": 2, "count_targeted": 3}) == 200 / 3


def test_accepted_never_falls_below_zero() -> None:
    tally = Tally()
    tally.add(Fact("delivery"), 1, 0, 0)
    tally.add(Fact("out_of_band", bounce_class=10), 3, 0, 0)
    assert tally.values(("count_accepted", "count_bounce")) == {"count_accepted": 0, "count_bounce": 3}


def test_unknown_classes_count_as_undetermined() -> None:
    assert bounce_class(None).code == bounce_class(0).code == bounce_class(999).code == 1
    assert bounce_class(25).category is Category.ADMIN
    assert {entry.category for entry in CLASSES.values()} == set(Category)


def test_the_table_imports_no_django() -> None:
    for name in ("metrics", "classification", "periods", "questions", "tally", "dimensions", "query_filters"):
        source = Path("reports", f"{name}.py").read_text()
        assert not re.search(r"^\s*(from|import) django", source, re.MULTILINE), name
