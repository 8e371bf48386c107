"""Changing the kept keys: rotate and revoke, one at a time, and readers never see half a file."""

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from momentum.lib import clock
from tracking import keys

_TIME = "%Y-%m-%dT%H:%M:%SZ"
_MADE = re.compile(r"#\s*made (\S+)")
_REVOKED = re.compile(r"#\s*revoked ([0-9a-f]{4}) made (\S+) revoked (\S+)")
_HEAD = (
    "# Keys of tracked links, newest first: the first seals, all open. Change them with manage.py tracking_keys.\n"
)


class State(StrEnum):
    SEALING = "sealing"  # seals the links of transmissions that start now
    OPENING = "opening"  # opens the links that it sealed earlier
    REVOKED = "revoked"  # its links do not work any more; the key itself is gone


class Problem(StrEnum):
    """Why a key cannot be revoked."""

    UNKNOWN = "there is no such key"
    REVOKED = "it is revoked already"
    SEALING = "it seals new links: rotate first"


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key of the file; `secret` is "" once it is revoked, `made_at` None where nobody noted it."""

    id: str
    secret: str
    made_at: datetime | None
    revoked_at: datetime | None = None

    def __repr__(self) -> str:
        return f"KnownKey({self.id})"


def known(home: Path) -> list[tuple[State, KnownKey]]:
    """Every key that the file tells of, newest first, revoked ones last; the file is made if there is none."""
    keys.load(home, "")
    listed = _read(keys.file_in(home))
    alive = [key for key in listed if key.secret]
    states = [State.SEALING] + [State.OPENING] * (len(alive) - 1)
    return [*zip(states, alive, strict=False), *((State.REVOKED, key) for key in listed if not key.secret)]


def rotate(home: Path) -> str:
    """Put a new key in front; returns its id. Links sealed before go on working."""
    with _changing(home) as file:
        listed = _read(file)
        made = _new({key.id for key in listed})
        _write(file, [made, *listed])
        return made.id


def revoke(home: Path, key_id: str) -> Problem | None:
    """Throw a key away for good: what it sealed does not open any more. Returns what stands against it."""
    with _changing(home) as file:
        listed = _read(file)
        found = next((key for key in listed if key.id == key_id), None)
        if found is None:
            return Problem.UNKNOWN
        if not found.secret:
            return Problem.REVOKED
        if found == next(key for key in listed if key.secret):
            return Problem.SEALING
        gone = replace(found, secret="", revoked_at=clock.now())
        _write(file, [*(key for key in listed if key != found), gone])
        return None


def _new(taken: set[str]) -> KnownKey:
    """A key whose id tells it from all others: there are 65,536 ids."""
    while True:
        (made,) = _parsed(keys.new_line(clock.now()))
        if made.id not in taken:
            return made


@contextlib.contextmanager
def _changing(home: Path) -> Iterator[Path]:
    keys.load(home, "")
    file = keys.file_in(home)
    with file.with_name(f".{file.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield file


def _read(file: Path) -> list[KnownKey]:
    return [key for line in file.read_text().splitlines() for key in _parsed(line)]


def _parsed(line: str) -> list[KnownKey]:
    if gone := _REVOKED.match(line):
        return [KnownKey(gone[1], "", _moment(gone[2]), _moment(gone[3]))]
    made = _MADE.search(line)
    made_at = _moment(made[1]) if made else None
    return [KnownKey(keys.name_of(secret), secret, made_at) for secret in keys.words(line)]


def _write(file: Path, listed: list[KnownKey]) -> None:
    draft = file.with_name(f".{file.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as new:
        new.write(_HEAD + "".join(map(_line, listed)))
        new.flush()
        os.fsync(new.fileno())
    # rename(2) is atomic: a reader sees all keys as they were, or all as they are.
    draft.replace(file)
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _line(key: KnownKey) -> str:
    made = f"{key.made_at:{_TIME}}" if key.made_at else "unknown"
    if not key.secret:
        return f"# revoked {key.id} made {made} revoked {key.revoked_at:{_TIME}}\n"
    return f"{key.secret} # made {made}\n"


def _moment(text: str) -> datetime | None:
    with contextlib.suppress(ValueError):
        return datetime.strptime(text, _TIME).replace(tzinfo=UTC)
    return None
