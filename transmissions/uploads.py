"""Uploaded files on this host's disk, written while they are received and removed when they have been read."""

import uuid
from collections.abc import Container
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType

from django.conf import settings

from momentum.lib import clock
from transmissions.csv_import.fitness import Inspection

# A file that is being received belongs to nobody yet.
_ORPHANED_AFTER = timedelta(days=1)


class Incoming:
    """A file that is being received; `refusal` is why it is not wanted, and then there is no file any more.

    Leave its context without `keep` and it is removed.
    """

    def __init__(self, max_bytes: int) -> None:
        self.name = f"{uuid.uuid4().hex}.csv"
        self.size = 0
        self.refusal: str | None = None
        self._max_bytes = max_bytes
        self._inspection = Inspection()
        self._is_kept = False
        settings.UPLOAD_FOLDER.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = path(self.name).open("xb")

    def __enter__(self) -> "Incoming":
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: object, trace: TracebackType | None) -> None:
        self.close()

    def write(self, piece: bytes) -> None:
        """The next bytes; nothing is written once the file is refused."""
        if self.refusal is not None:
            return
        self.size += len(piece)
        self.refusal = self._inspection.feed(piece)
        if self.size > self._max_bytes:
            self.refusal = f"The file is larger than {self._max_bytes // (1024 * 1024)} MB."
        if self.refusal is None:
            self._file.write(piece)

    def finish(self) -> None:
        """The file has been received to its end."""
        if self.refusal is None:
            self.refusal = self._inspection.finish()
        self._file.close()

    def keep(self) -> None:
        """The file is somebody's from now on."""
        self._is_kept = True

    def close(self) -> None:
        self._file.close()
        if not self._is_kept:
            remove(self.name)


def path(name: str) -> Path:
    """Where the file `name` lies."""
    folder: Path = settings.UPLOAD_FOLDER
    return folder / name


def remove(name: str) -> None:
    """Remove the file; it may be gone already."""
    path(name).unlink(missing_ok=True)


def remove_orphans(known: Container[str]) -> None:
    """Remove files of more than a day that are not among the `known` names."""
    before = clock.now() - _ORPHANED_AFTER
    for file in settings.UPLOAD_FOLDER.glob("*.csv"):
        if file.name not in known and datetime.fromtimestamp(file.stat().st_mtime, UTC) < before:
            remove(file.name)
