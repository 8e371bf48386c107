"""The signs of a machine in the hits of one message, and the verdicts that follow: decisions on values.

Every sign is a function of all hits of the message, in order of time, that names those of them that show it. What a
hit's verdict is depends on hits within twice the rules' window around it, and on nothing else.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network
from itertools import pairwise
from typing import Any, NamedTuple

from tracking.classify import MACHINES, Rule, Rules, Traffic, Verdict, verdict


class Seen(NamedTuple):
    """One hit, as far as its class depends on it. `link` tells links of the message apart, "" for a pixel."""

    at_s: float
    is_click: bool
    link: str
    address: str
    user_agent: str
    since_sent_s: float
    unsubscribe: bool = False
    prefetch_header: bool = False
    after_head: bool = False


def verdicts(hits: Sequence[Seen], rules: Rules) -> list[Verdict]:
    """The verdicts on hits of one message, in the order given. Rules on signs that are unknown here are off."""
    if len(hits) == 1:
        return [alone(hits[0], rules)]
    order = sorted(range(len(hits)), key=lambda index: hits[index].at_s)
    ordered = [hits[index] for index in order]
    shown: list[list[str]] = [[] for _ in ordered]
    for name, rule in rules.signs.items():
        if (sign := _SIGNS.get(name)) is not None:
            for index in sorted(set(sign(ordered, rule, rules.window_s))):
                shown[index].append(name)
    judged = [_verdict(hit, tuple(signs), rules) for hit, signs in zip(ordered, shown, strict=True)]
    judged = _in_company(ordered, shown, judged, rules)
    found: list[Verdict | None] = [None] * len(hits)
    for index, one in zip(order, judged, strict=True):
        found[index] = one
    return [one for one in found if one is not None]


def alone(hit: Seen, rules: Rules) -> Verdict:
    """The verdict on the only hit of its message."""
    signs = [
        name
        for name in _OF_ONE
        if name in rules.signs and any(True for _ in _SIGNS[name]([hit], rules.signs[name], 0))
    ]
    return _verdict(hit, tuple(signs), rules)


def _verdict(hit: Seen, signs: tuple[str, ...], rules: Rules) -> Verdict:
    return verdict(hit.user_agent, hit.prefetch_header, hit.since_sent_s, signs, rules)


def _in_company(hits: list[Seen], shown: list[list[str]], judged: list[Verdict], rules: Rules) -> list[Verdict]:
    """What the same address and agent as a scanner's hits did shortly before or after is the scanner's too."""
    name = "with_scanner"
    if name not in rules.signs:
        return judged
    scans: dict[tuple[str, str], list[float]] = defaultdict(list)
    for hit, one in zip(hits, judged, strict=True):
        if one.traffic is Traffic.SCANNER:
            scans[hit.address, hit.user_agent].append(hit.at_s)
    return [
        _verdict(hit, (*signs, name), rules)
        if one.traffic not in MACHINES
        and any(abs(at_s - hit.at_s) <= rules.window_s for at_s in scans.get((hit.address, hit.user_agent), ()))
        else one
        for hit, signs, one in zip(hits, shown, judged, strict=True)
    ]


_Shows = Iterable[int]
_Sign = Callable[[Sequence[Seen], Rule, float], _Shows]


def _click_within(hits: Sequence[Seen], rule: Rule, _window_s: float) -> _Shows:
    return (index for index, hit in enumerate(hits) if hit.is_click and hit.since_sent_s < rule.within_s)


def _after_head(hits: Sequence[Seen], _rule: Rule, _window_s: float) -> _Shows:
    return (index for index, hit in enumerate(hits) if hit.after_head)


def _burst(hits: Sequence[Seen], rule: Rule, _window_s: float) -> _Shows:
    for clicks in _by_actor(hits):
        for span in _spans(hits, clicks, rule):
            yield from span


def _many_links(hits: Sequence[Seen], rule: Rule, _window_s: float) -> _Shows:
    for clicks in _by_network(hits):
        for span in _spans(hits, clicks, rule):
            yield from span


def _even_pace(hits: Sequence[Seen], rule: Rule, window_s: float) -> _Shows:
    for clicks in _by_actor(hits):
        for first in range(len(clicks) - rule.least + 1):
            run = clicks[first : first + rule.least]
            gaps = [hits[after].at_s - hits[before].at_s for before, after in pairwise(run)]
            mean = sum(gaps) / len(gaps)
            # Below a tenth of a second the clock says nothing.
            even = all(abs(gap - mean) <= max(0.1 * mean, 0.1) for gap in gaps)
            if even and sum(gaps) <= window_s and len({hits[index].link for index in run}) == len(run):
                yield from run


def _shared_burst(hits: Sequence[Seen], rule: Rule, window_s: float) -> _Shows:
    opened = defaultdict(list)
    for hit in hits:
        if not hit.is_click:
            opened[hit.address].append(hit.at_s)

    def has_opened(click: Seen) -> bool:
        return any(2 < click.at_s - at_s <= window_s for at_s in opened.get(click.address, ()))

    for span in _spans(hits, [index for index in _clicks(hits) if not has_opened(hits[index])], rule):
        if len({network(hits[index].address) for index in span}) > 1:
            yield from span


def _many_networks(hits: Sequence[Seen], rule: Rule, _window_s: float) -> _Shows:
    for span in _spans(hits, _clicks(hits), rule, key=lambda hit: network(hit.address)):
        yield from span


def _many_agents(hits: Sequence[Seen], rule: Rule, _window_s: float) -> _Shows:
    for clicks in _by_network(hits):
        for span in _spans(hits, clicks, rule, key=lambda hit: hit.user_agent):
            yield from span


def _unsubscribed_too(hits: Sequence[Seen], rule: Rule, _window_s: float) -> _Shows:
    for clicks in _by_actor(hits):
        for span in _spans(hits, clicks, rule):
            if any(hits[index].unsubscribe for index in span):
                yield from span


def _no_pixel(hits: Sequence[Seen], rule: Rule, window_s: float) -> _Shows:
    opens = [hit.at_s for hit in hits if not hit.is_click]
    for clicks in _by_network(hits):
        for span in _spans(hits, clicks, rule):
            first, last = hits[span[0]].at_s, hits[span[-1]].at_s
            if not any(first - window_s <= at_s <= last + window_s for at_s in opens):
                yield from span


def _flood(hits: Sequence[Seen], rule: Rule, _window_s: float) -> _Shows:
    clicks = _clicks(hits)
    for place in range(rule.least - 1, len(clicks)):
        first = place - rule.least + 1
        if hits[clicks[place]].at_s - hits[clicks[first]].at_s <= rule.within_s:
            yield from clicks[first : place + 1]


_OF_ONE = ("click_at_once", "click_early", "after_head")
_SIGNS: dict[str, _Sign] = {
    "click_at_once": _click_within,
    "click_early": _click_within,
    "after_head": _after_head,
    "burst": _burst,
    "many_links": _many_links,
    "even_pace": _even_pace,
    "shared_burst": _shared_burst,
    "many_networks": _many_networks,
    "many_agents": _many_agents,
    "unsubscribed_too": _unsubscribed_too,
    "no_pixel": _no_pixel,
    "flood": _flood,
}

KNOWN = frozenset({*_SIGNS, "with_scanner"})


def _clicks(hits: Sequence[Seen]) -> list[int]:
    return [index for index, hit in enumerate(hits) if hit.is_click]


def _grouped(hits: Sequence[Seen], key: Callable[[Seen], Hashable]) -> Iterable[list[int]]:
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for index in _clicks(hits):
        groups[key(hits[index])].append(index)
    return groups.values()


def _by_network(hits: Sequence[Seen]) -> Iterable[list[int]]:
    return _grouped(hits, lambda hit: network(hit.address))


def _by_actor(hits: Sequence[Seen]) -> Iterable[list[int]]:
    return _grouped(hits, lambda hit: (network(hit.address), hit.user_agent))


def _spans(
    hits: Sequence[Seen], chosen: Sequence[int], rule: Rule, key: Callable[[Seen], Any] = lambda hit: hit.link
) -> Iterator[Sequence[int]]:
    """The longest runs of the chosen hits that lie within the rule's time and have its least number of keys."""
    first, counts = 0, Counter[Any]()
    for place, index in enumerate(chosen):
        counts[key(hits[index])] += 1
        while hits[index].at_s - hits[chosen[first]].at_s > rule.within_s:
            counts[key(hits[chosen[first]])] -= 1
            counts += Counter()
            first += 1
        ends = place + 1 == len(chosen) or hits[chosen[place + 1]].at_s - hits[chosen[first]].at_s > rule.within_s
        if ends and len(counts) >= rule.least:
            yield chosen[first : place + 1]


@lru_cache(maxsize=10_000)
def network(address: str) -> str:
    """The network that an address stands for: /24 or /48; "" where it is none."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    return str(ip_network((parsed, 24 if isinstance(parsed, IPv4Address) else 48), strict=False))
