"""Human or machine: decisions about one hit, on values and by rules that are data (rules.toml, contract 50 §8)."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

_DEFAULT_RULES = Path(__file__).with_name("rules.toml")


class Traffic(StrEnum):
    """Who made a hit; nothing is dropped for it, reports choose."""

    HUMAN = "human"
    PREFETCH = "prefetch"  # a machine that loads on delivery
    SCANNER = "scanner"  # a security gateway, a crawler, a link preview
    UNKNOWN = "unknown"  # no agent, a program, or one weak sign of a machine


class Agent(StrEnum):
    """What a user agent says of itself; the values are reasons of a verdict."""

    NONE = "no_agent"
    PRIVACY_PROXY = "privacy_proxy"
    IMAGE_PROXY = "image_proxy"
    SCANNER = "scanner_agent"
    HTTP_CLIENT = "http_client"
    READER = "reader"


@dataclass(frozen=True, slots=True, eq=False)
class Rules:
    """The rules in force; agents in lower case, times in seconds."""

    version: int
    prefetch_exact: frozenset[str]
    image_proxies: tuple[str, ...]
    scanners: tuple[str, ...]
    http_clients: tuple[str, ...]
    proxy_at_once_s: float
    click_at_once_s: float
    burst_window_s: float
    burst_links: int
    network_window_s: float
    networks: int


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of a hit. `links` and `networks` count what its message saw within the rules' windows.

    `unsubscribed_too`: an unsubscribe link and other links of the message were followed within the window.
    """

    is_click: bool
    user_agent: str
    prefetch_header: bool
    since_sent_s: float
    links: int = 0
    networks: int = 0
    unsubscribed_too: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
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
        prefetch_exact=frozenset(_lower(raw["prefetch"]["exact_agents"])),
        image_proxies=_lower(raw["image_proxy"]["agents"]),
        scanners=_lower(raw["scanner"]["agents"]),
        http_clients=_lower(raw["http_client"]["agents"]),
        **raw["timing"],
    )


def classify(signals: Signals, rules: Rules) -> Verdict:
    """The verdict on one hit; the first sign that settles it wins."""
    agent = _agent(signals.user_agent, rules)

    def verdict(traffic: Traffic, *reasons: str, prefetched: bool = False, proxy: bool = False) -> Verdict:
        return Verdict(traffic, reasons, rules.version, prefetched, proxy)

    if agent is Agent.PRIVACY_PROXY:
        return verdict(Traffic.PREFETCH, agent, prefetched=True, proxy=True)
    if signals.prefetch_header:
        return verdict(Traffic.PREFETCH, "prefetch_header", prefetched=True)
    if agent is Agent.IMAGE_PROXY:
        if signals.since_sent_s < rules.proxy_at_once_s:
            return verdict(Traffic.PREFETCH, agent, "at_once", proxy=True)
        return verdict(Traffic.HUMAN, agent, proxy=True)
    if agent is Agent.SCANNER:
        return verdict(Traffic.SCANNER, agent, prefetched=True)
    signs = _signs_of_a_machine(signals, rules)
    if "burst" in signs or len(signs) > 1:
        return verdict(Traffic.SCANNER, *signs)
    if agent is not Agent.READER:
        return verdict(Traffic.UNKNOWN, agent, *signs)
    return verdict(Traffic.UNKNOWN if signs else Traffic.HUMAN, *signs)


@lru_cache(maxsize=10_000)
def _agent(user_agent: str, rules: Rules) -> Agent:
    agent = user_agent.strip().lower()
    if agent in rules.prefetch_exact:
        return Agent.PRIVACY_PROXY
    if _contains(agent, rules.image_proxies):
        return Agent.IMAGE_PROXY
    if _contains(agent, rules.scanners):
        return Agent.SCANNER
    if _contains(agent, rules.http_clients):
        return Agent.HTTP_CLIENT
    return Agent.READER if agent else Agent.NONE


def _signs_of_a_machine(signals: Signals, rules: Rules) -> tuple[str, ...]:
    signs = {
        "click_at_once": signals.is_click and signals.since_sent_s < rules.click_at_once_s,
        "burst": signals.is_click and signals.links >= rules.burst_links,
        "many_networks": signals.is_click and signals.networks >= rules.networks,
        "unsubscribed_too": signals.is_click and signals.unsubscribed_too,
    }
    return tuple(name for name, seen in signs.items() if seen)


def _lower(agents: list[str]) -> tuple[str, ...]:
    return tuple(agent.lower() for agent in agents)


def _contains(agent: str, parts: tuple[str, ...]) -> bool:
    return any(part in agent for part in parts)
