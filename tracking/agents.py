"""User agents taken apart (contract 50 §7), by the regular expressions of the uap-core project."""

from functools import lru_cache
from typing import Any

from ua_parser import Parser
from ua_parser.loaders import load_builtins
from ua_parser.regex import Resolver

_MOBILE_SYSTEMS = frozenset(
    {
        "Android",
        "iOS",
        "iPadOS",
        "watchOS",
        "Windows Phone",
        "BlackBerry OS",
        "KaiOS",
        "Firefox OS",
        "Symbian OS",
        "Tizen",
    }
)


@lru_cache(maxsize=10_000)
def parsed(user_agent: str) -> dict[str, Any]:
    """Agent, device and system of a user agent; shared between callers, who must not change it."""
    result = _parser().parse(user_agent)
    agent, system, device = result.user_agent, result.os, result.device
    fields: dict[str, Any] = {
        "agent_family": agent.family if agent else "Other",
        "device_family": device.family if device else "Other",
        "os_family": system.family if system else "Other",
        "is_mobile": bool(system and system.family in _MOBILE_SYSTEMS),
    }
    if device and device.brand:
        fields["device_brand"] = device.brand
    if system and system.major:
        fields["os_version"] = ".".join(filter(None, (system.major, system.minor, system.patch)))
    return fields


@lru_cache(maxsize=1)
def _parser() -> Parser:
    return Parser(Resolver(load_builtins()))
