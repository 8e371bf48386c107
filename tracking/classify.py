"""Human or machine: the rules, which are data (rules.toml), and the verdict from a hit's agent and its signs."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

_DEFAULT_RULES = Path(__file__).with_name("rules.toml")


class Traffic(StrEnum):
    """Who made a hit; nothing is dropped for it, reports choose."""

    HUMAN = "human"
    PREFETCH = "prefetch"  # a machine that loads on delivery
    SCANNER = "scanner"  # a security gateway, a crawler, a link preview
    UNKNOWN = "unknown"  # no agent, a program, or signs of a machine that do not suffice


MACHINES = frozenset({Traffic.PREFETCH, Traffic.SCANNER})


class Agent(StrEnum):
    """What a request says of itself; the values are reasons of a verdict, and names in rules.toml."""

    PRIVACY_PROXY = "privacy_proxy"
    PREFETCH_HEADER = "prefetch_header"
    IMAGE_PROXY = "image_proxy"
    SCANNER = "scanner_agent"
    HTTP_CLIENT = "http_client"
    NONE = "no_agent"
    READER = "reader"


AT_ONCE = "at_once"


class Rule(NamedTuple):
    """One agent or sign: what it means to people, and its numbers as far as it has them."""

    meaning: str
    points: int = 0
    within_s: float = 0.0
    least: int = 0
    at_once_s: float = 0.0
    exact: frozenset[str] = frozenset()
    contains: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Rules:
    """The rules in force; agents in lower case, times in seconds."""

    version: int
    machine_points: int
    doubtful_points: int
    window_s: float
    unsubscribe_hold_s: float
    agents: Mapping[str, Rule]
    signs: Mapping[str, Rule]

    @cached_property
    def early_s(self) -> float:
        """So long after sending the time since then says nothing any more."""
        early = [rule.within_s for name, rule in self.signs.items() if name.startswith("click_")]
        return max([rule.at_once_s for rule in self.agents.values()] + early)


class Verdict(NamedTuple):
    """The class of a hit, why, and by which version of the rules; the two flags are contract 50 §8's."""

    traffic: Traffic
    reasons: tuple[str, ...]
    version: int
    is_prefetched: bool
    is_proxy: bool


def load(variables: Mapping[str, str] = os.environ) -> Rules:
    """The rules in the file that TRAFFIC_RULES names, else ours; raises when it is not one."""
    raw = tomllib.loads(Path(variables.get("TRAFFIC_RULES") or _DEFAULT_RULES).read_text())
    return Rules(
        version=raw["version"],
        agents={name: _rule(raw["agents"].get(name, {})) for name in Agent if name is not Agent.READER},
        signs={name: _rule(values) for name, values in raw["signs"].items()},
        **raw["limits"],
    )


def verdict(
    user_agent: str, prefetch_header: bool, since_sent_s: float, signs: tuple[str, ...], rules: Rules
) -> Verdict:
    """The verdict on one hit; `signs` are those of tracking.signs.

    The flags follow from agent and header alone, never from timing (contract 50 §8).
    """
    agent = agent_of(user_agent, rules)
    if agent is Agent.PRIVACY_PROXY:
        return Verdict(Traffic.PREFETCH, (agent.value,), rules.version, is_prefetched=True, is_proxy=True)
    if prefetch_header:
        return Verdict(Traffic.PREFETCH, (Agent.PREFETCH_HEADER.value,), rules.version, True, False)
    if agent is Agent.IMAGE_PROXY:
        if since_sent_s < rules.agents[agent].at_once_s:
            return Verdict(Traffic.PREFETCH, (agent.value, AT_ONCE), rules.version, False, True)
        return Verdict(Traffic.HUMAN, (agent.value,), rules.version, False, True)
    if agent is Agent.SCANNER:
        return Verdict(Traffic.SCANNER, (agent.value,), rules.version, True, False)
    return _by_points(agent, signs, rules)


@lru_cache(maxsize=10_000)
def plain_verdict(user_agent: str, prefetch_header: bool, rules: Rules) -> Verdict:
    """The verdict on a hit about which nothing but agent and header says anything."""
    return verdict(user_agent, prefetch_header, rules.early_s, (), rules)


@lru_cache(maxsize=1000)
def _by_points(agent: Agent, signs: tuple[str, ...], rules: Rules) -> Verdict:
    is_reader = agent is Agent.READER
    points = sum(rules.signs[sign].points for sign in signs) + (0 if is_reader else rules.agents[agent].points)
    reasons = signs if is_reader else (agent.value, *signs)
    if points >= rules.machine_points:
        traffic = Traffic.SCANNER
    elif points >= rules.doubtful_points or not is_reader:
        traffic = Traffic.UNKNOWN
    else:
        traffic = Traffic.HUMAN
    return Verdict(traffic, reasons, rules.version, False, False)


@lru_cache(maxsize=10_000)
def agent_of(user_agent: str, rules: Rules) -> Agent:
    """What kind of program the user agent names."""
    agent = user_agent.strip().lower()
    if not agent:
        return Agent.NONE
    if agent in rules.agents[Agent.PRIVACY_PROXY].exact:
        return Agent.PRIVACY_PROXY
    for kind in (Agent.IMAGE_PROXY, Agent.SCANNER, Agent.HTTP_CLIENT):
        if any(part in agent for part in rules.agents[kind].contains):
            return kind
    return Agent.READER


def _rule(values: Mapping[str, Any]) -> Rule:
    rule = Rule(**{"meaning": "", **values})
    return rule._replace(exact=frozenset(map(str.lower, rule.exact)), contains=tuple(map(str.lower, rule.contains)))
