"""Hits kept on disk while Redis does not answer: append-only files under MOMENTUM_HOME/spool.

A file is locked by the process that writes it for as long as it is open; a file that nobody locks is complete,
or its writer is dead, and anybody may replay it. A frame is length, CRC-32 and an entry of the stream.
"""

import contextlib
import fcntl
import os
import secrets
import struct
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

_FRAME = struct.Struct("<II")
_SUFFIX = ".hits"
_FRAME_LIMIT = 16 * 1024 * 1024


def folder(home: Path) -> Path:
    return home / "spool"


class SpoolWriter:
    """Appends entries to a file of its own, made at the first append. Not thread-safe."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file: BinaryIO | None = None

    def append(self, entries: Sequence[bytes]) -> None:
        """Add entries; they are on disk when this returns. Raises OSError; then none of them is in the file."""
        file = self._file = self._file or _new_file(self._directory)
        start = os.lseek(file.fileno(), 0, os.SEEK_END)
        try:
            _write_all(file.fileno(), b"".join(_FRAME.pack(len(e), zlib.crc32(e)) + e for e in entries))
            os.fdatasync(file.fileno())
        except OSError:
            # What stands after a torn frame could never be read again.
            with contextlib.suppress(OSError):
                os.ftruncate(file.fileno(), start)
            self.close()
            raise

    def close(self) -> None:
        """Leave the file to whoever replays it; the next append makes a new one."""
        if self._file is not None:
            self._file.close()
            self._file = None


def replay(directory: Path, push: Callable[[list[bytes]], None], batch: int = 100) -> int:
    """Hand the entries of all abandoned files to `push` in batches, and remove each file once all are pushed.

    Whatever `push` raises ends the replay; the file stays and is replayed from its start next time, which the
    recorder's event ids make harmless. Returns the number of entries pushed.
    """
    pushed = 0
    for file in abandoned(directory):
        with file:
            for entries in batches(file, batch):
                push(entries)
                pushed += len(entries)
            remove(file)
    return pushed


def abandoned(directory: Path) -> Iterator[BinaryIO]:
    """The files that nobody writes any more, oldest first, locked for us until they are closed."""
    for path in sorted(directory.glob(f"*{_SUFFIX}")) if directory.is_dir() else []:
        try:
            file = path.open("rb")
        except FileNotFoundError:
            continue
        if _lock(file):
            yield file
        else:
            file.close()


def batches(file: BinaryIO, size: int) -> Iterator[list[bytes]]:
    """The entries of a file up to its end or the first torn frame, whose hits were never answered as recorded."""
    batch: list[bytes] = []
    while (entry := _read_frame(file)) is not None:
        batch.append(entry)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def remove(file: BinaryIO) -> None:
    """Remove a file whose entries are all somewhere safe."""
    Path(file.name).unlink(missing_ok=True)


def _new_file(directory: Path) -> BinaryIO:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    while True:
        path = directory / f"{time.time_ns():020d}-{os.getpid()}-{secrets.token_hex(3)}{_SUFFIX}"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        file = os.fdopen(descriptor, "r+b", buffering=0)
        if _lock(file):
            _sync_directory(directory)
            return file
        # A replayer saw the empty file before we had locked it, and is about to remove it.
        file.close()


def _lock(file: BinaryIO) -> bool:
    """Take the file's lock; False when another process has it or the file is gone."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return os.fstat(file.fileno()).st_nlink > 0


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _read_frame(file: BinaryIO) -> bytes | None:
    header = file.read(_FRAME.size)
    if len(header) < _FRAME.size:
        return None
    length, checksum = _FRAME.unpack(header)
    if length > _FRAME_LIMIT:
        return None
    entry = file.read(length)
    return entry if len(entry) == length and zlib.crc32(entry) == checksum else None
