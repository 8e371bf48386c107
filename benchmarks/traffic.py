"""How well machines are told from people: precision and recall over hits whose authors are known.

Precision: of the hits classed as a machine's, the share that a machine made. Recall: of the hits that a machine
made, the share classed so. Counted by hit; `unknown` is no machine. Beside it the behaviours that fool the rules.
"""

from collections import Counter
from collections.abc import Iterable

from benchmarks.traffic_set import by_hand, held_out, written_from
from benchmarks.traffic_set.visits import Labelled
from tracking import classify, signs
from tracking.classify import MACHINES


def main() -> None:
    rules = classify.load({})
    parts = {
        "written from": written_from.made() + by_hand.part("written from"),
        "held out": held_out.made() + by_hand.part("held out"),
    }
    for name, messages in parts.items():
        _report(name, messages, rules)


def _report(name: str, messages: Iterable[list[Labelled]], rules: classify.Rules) -> None:
    outcomes: Counter[tuple[bool, bool]] = Counter()
    of_behaviour: Counter[str] = Counter()
    mistaken: Counter[str] = Counter()
    unsubscribed = 0
    for hits in messages:
        verdicts = signs.verdicts([hit.seen for hit in hits], rules)
        for hit, verdict in zip(hits, verdicts, strict=True):
            classed = verdict.traffic in MACHINES
            outcomes[hit.by_machine, classed] += 1
            of_behaviour[hit.behaviour] += 1
            mistaken[hit.behaviour] += hit.by_machine != classed
            unsubscribed += hit.by_machine and hit.seen.unsubscribe and not classed
    found, false_alarms, missed = outcomes[True, True], outcomes[False, True], outcomes[True, False]
    print(
        f"{name:13} {sum(outcomes.values()):>6,} hits   precision {found / (found + false_alarms):.3f}   "
        f"recall {found / (found + missed):.3f}   "
        f"{unsubscribed} machine hits on an unsubscribe link not seen as such"
    )
    for behaviour, count in mistaken.most_common(6):
        if count:
            print(f"    {behaviour:32} {count:>5} of {of_behaviour[behaviour]:,} hits misjudged")


if __name__ == "__main__":
    main()
