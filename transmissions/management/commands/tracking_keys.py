"""manage.py tracking_keys: the keys that seal tracked links; list, rotate, revoke."""

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tracking import key_file, keys
from tracking.key_file import State
from transmissions import live_links

_IN_THE_VARIABLE = "The keys of this installation stand in the variable TRACKING_KEYS; nothing was changed."
_ROTATE = """
To rotate them:
1. Make a key:  openssl rand -base64 48
2. Put it at the END of TRACKING_KEYS on every host and restart all parts: now all of them open its links.
3. Move it to the FRONT on every host and restart all parts: now it seals new links.
Leave the old key in the list for as long as its links shall work (manage.py tracking_keys shows how many)."""


class Command(BaseCommand):
    help = "List, rotate or revoke the keys that seal tracked links."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", title="actions")
        actions.add_parser("list", help="show the keys (what happens without an action, too)")
        actions.add_parser("rotate", help="seal with a new key from now on; old links go on working")
        revoke = actions.add_parser("revoke", help="throw a key away: its links stop working at once")
        revoke.add_argument("id", help="as the list shows it")

    def handle(self, *args: Any, action: str | None, **options: Any) -> None:
        match action:
            case "rotate":
                self._rotate()
            case "revoke":
                self._revoke(options["id"].lower())
            case _:
                self._list()

    def _list(self) -> None:
        live = live_links.by_key()
        self.stdout.write(f"{'id':<6}{'state':<10}{'made (UTC)':<18}{'live messages':>14}")
        for state, name, made_at in _keys():
            # A revoked key has no live links, whatever was sent with it.
            number = 0 if state is State.REVOKED else live.pop(name, 0)
            self.stdout.write(f"{name:<6}{state:<10}{_when(made_at):<18}{number:>14,}")
        self._rest(live)

    def _rest(self, live: Counter[str]) -> None:
        unknown = live.pop("", 0)
        if unknown:
            self.stdout.write(f"{unknown:,} live messages were sent before keys were noted.")

    def _rotate(self) -> None:
        if settings.TRACKING_KEYS:
            raise CommandError(_IN_THE_VARIABLE + _ROTATE)
        made = key_file.rotate(Path(settings.MOMENTUM_HOME))
        self.stdout.write(f"Key {made} seals the links of transmissions that start from now on.")

    def _revoke(self, name: str) -> None:
        if settings.TRACKING_KEYS:
            raise CommandError(f"{_IN_THE_VARIABLE}\n{_where(name)}")
        problem = key_file.revoke(Path(settings.MOMENTUM_HOME), name)
        if problem is not None:
            raise CommandError(f"Key {name} is not revoked: {problem}.")
        self.stdout.write(f"Key {name} is revoked: its links do not work any more.")


def _keys() -> list[tuple[State, str, datetime | None]]:
    if not settings.TRACKING_KEYS:
        return [(state, key.id, key.made_at) for state, key in key_file.known(Path(settings.MOMENTUM_HOME))]
    ring = keys.load(Path(settings.MOMENTUM_HOME), settings.TRACKING_KEYS).keys
    return [(State.OPENING if position else State.SEALING, key.name, None) for position, key in enumerate(ring)]


def _where(name: str) -> str:
    ring = keys.load(Path(settings.MOMENTUM_HOME), settings.TRACKING_KEYS).keys
    position = next((number for number, key in enumerate(ring, start=1) if key.name == name), None)
    if position is None:
        return f"None of them has the id {name}."
    if position == 1:
        return f"Key {name} is the first and seals new links: rotate first." + _ROTATE
    return f"Key {name} is number {position} of the list: take it out on every host and restart all parts."


def _when(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment else "unknown"
