"""What the tracker reads from the environment: the same variables as momentum.settings, without Django."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from momentum import embedded
from tracking import key_watch, keys
from tracking.addresses import TrustedProxies
from tracking.limits import DEFAULT_LIMIT

_BASE_DIR = Path(__file__).resolve().parent.parent
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class BadVariableError(Exception):
    """A variable has a value that cannot be used; the text names it."""


@dataclass(frozen=True, slots=True)
class Environment:
    """`address` and `port` are where the tracker listens; `redis_url` as redis-py understands it.

    `click_limit` is the number of clicks that one address may make in 10 seconds, 0 for any number.
    """

    address: str
    port: int
    workers: int
    home: Path
    redis_url: str
    key_source: key_watch.Keys
    trusted_proxies: TrustedProxies
    click_limit: int

    @property
    def keyring(self) -> keys.Keyring:
        """The keys as of now: a rotation needs no restart."""
        return self.key_source.current


def read(variables: Mapping[str, str] = os.environ) -> Environment:
    """The environment of this process; raises BadVariableError naming the variable at fault."""
    home = Path(variables.get("MOMENTUM_HOME") or _BASE_DIR / "var").absolute()
    return Environment(
        address=_address(variables),
        port=_integer(variables, "PORT", 8000, 1, 65534) + 1,
        workers=_integer(variables, "TRACKER_WORKERS", 1, 1, 256),
        home=home,
        redis_url=variables.get("REDIS_URL") or f"unix://{embedded.redis_socket(home)}",
        key_source=_key_source(variables, home),
        trusted_proxies=_trusted_proxies(variables),
        click_limit=_integer(variables, "TRACKER_CLICK_LIMIT", DEFAULT_LIMIT, 0, 1_000_000_000),
    )


def _address(variables: Mapping[str, str]) -> str:
    """Loopback for an installation that only this machine uses, every interface for one with a public name."""
    named = (variables.get("MOMENTUM_URL", ""), f"//{variables.get('TRACKING_HOST', '')}")
    hosts = {host for url in named if (host := urlsplit(url).hostname)}
    return "127.0.0.1" if hosts <= _LOOPBACK else "0.0.0.0"  # noqa: S104 (readers come from anywhere)


def _key_source(variables: Mapping[str, str], home: Path) -> key_watch.Keys:
    text = variables.get("TRACKING_KEYS", "")
    if not text and variables.get("DATABASE_URL"):
        raise BadVariableError("TRACKING_KEYS is required once DATABASE_URL is set: all hosts have to share it")
    try:
        return key_watch.source(home, text)
    except ValueError as problem:
        raise BadVariableError(f"TRACKING_KEYS: {problem}") from problem
    except OSError as problem:
        raise BadVariableError(f"MOMENTUM_HOME: no keys can be kept there: {problem}") from problem


def _trusted_proxies(variables: Mapping[str, str]) -> TrustedProxies:
    try:
        return TrustedProxies.from_text(variables.get("TRUSTED_PROXIES", ""))
    except ValueError as problem:
        raise BadVariableError(f"TRUSTED_PROXIES: {problem}") from problem


def _integer(variables: Mapping[str, str], name: str, default: int, minimum: int, maximum: int) -> int:
    text = variables.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or not minimum <= int(text) <= maximum:
        raise BadVariableError(f"{name}: expected a whole number from {minimum} to {maximum}")
    return int(text)
