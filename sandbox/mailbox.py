"""Messages as files: one each, written whole or not at all, the oldest leaving first. No Django.

A file begins with one line of JSON, the envelope and what a list shows; after it the message, byte for byte.
Its name sorts by time of arrival, and files never change, so that what has been read of one can be kept in
memory.
"""

import os
import re
import secrets
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parseaddr
from functools import lru_cache
from pathlib import Path

import msgspec

_NAME = re.compile(r"\d{19}-[0-9a-f]{8}")
_LONGEST_HEAD = 256 * 1024


class Limits(msgspec.Struct, frozen=True):
    """How much the mailbox keeps."""

    messages: int = 10_000
    size: int = 1024**3


class Head(msgspec.Struct, frozen=True):
    """What is known of a message without parsing it. `size` is in bytes; `subject` is decoded, hostile text."""

    mail_from: str
    rcpt_to: tuple[str, ...]
    subject: str
    sender: str
    size: int


class Entry(msgspec.Struct, frozen=True):
    """One row of the list."""

    name: str
    head: Head

    @property
    def received_at(self) -> datetime:
        return datetime.fromtimestamp(int(self.name[:19]) / 1e9, UTC)

    @property
    def sender_name(self) -> str:
        """Who it is from, in few words."""
        name, address = parseaddr(self.head.sender)
        return name or address or self.head.sender or self.head.mail_from


class Mailbox:
    """The folder. Any number of processes may read and delete; one writes."""

    def __init__(self, folder: Path) -> None:
        self._messages = folder / "new"
        self._unfinished = folder / "tmp"

    def prepare(self) -> None:
        """Make the folders, and clear away what a killed server left unfinished."""
        for folder in (self._messages, self._unfinished):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in self._unfinished.iterdir():
            left.unlink(missing_ok=True)

    def add(self, head: Head, data: bytes) -> str:
        """Store a message; it survives a power cut from here on. Returns its name."""
        name = f"{time.time_ns():019d}-{secrets.token_hex(4)}"
        unfinished = self._unfinished / name
        with unfinished.open("xb") as file:
            unfinished.chmod(0o600)
            file.write(msgspec.json.encode(head) + b"\n" + data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(self._messages / name)
        _sync_folder(self._messages)
        return name

    def names(self) -> list[str]:
        """All messages, newest first."""
        try:
            return sorted(filter(_NAME.fullmatch, os.listdir(self._messages)), reverse=True)  # noqa: PTH208 - paths cost
        except FileNotFoundError:
            return []

    def sizes(self) -> Iterator[tuple[str, int]]:
        """Name and size on disk of each message, oldest first."""
        for name in reversed(self.names()):
            try:
                yield name, (self._messages / name).stat().st_size
            except FileNotFoundError:
                continue

    def version(self) -> str:
        """Changes whenever a message comes or goes."""
        try:
            return str(self._messages.stat().st_mtime_ns)
        except FileNotFoundError:
            return "0"

    def entry(self, name: str) -> Entry | None:
        """The row of one message; None when it is gone, or cannot be read."""
        if not _NAME.fullmatch(name):
            return None
        head = _head(self._messages / name)
        return None if head is None else Entry(name, head)

    def data(self, name: str) -> bytes | None:
        """The message as it came; None when it is gone."""
        if not _NAME.fullmatch(name):
            return None
        try:
            return (self._messages / name).read_bytes().partition(b"\n")[2]
        except FileNotFoundError:
            return None

    def delete(self, name: str) -> bool:
        """Whether it was there."""
        if not _NAME.fullmatch(name):
            return False
        try:
            (self._messages / name).unlink()
        except FileNotFoundError:
            return False
        return True

    def empty(self) -> int:
        """Delete everything; returns how many there were."""
        return sum(self.delete(name) for name in self.names())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@lru_cache(maxsize=20_000)
def _known_head(file: Path, inode: int) -> Head | None:
    with file.open("rb") as opened:
        line = opened.readline(_LONGEST_HEAD)
    try:
        return msgspec.json.decode(line, type=Head)
    except msgspec.MsgspecError:
        return None


def _head(file: Path) -> Head | None:
    try:
        return _known_head(file, file.stat().st_ino)
    except FileNotFoundError:
        return None
