"""The key ring as it is now: a rotation or revocation reaches running processes with their next look."""

import logging
from pathlib import Path

from tracking import keys
from tracking.keys import Keyring

log = logging.getLogger(__name__)

_Signature = tuple[int, int, int]


class WatchedKeys:
    """The ring of the key file, read again when the file has changed.

    A look costs one stat(2), some microseconds. Each state of the file is one ring object. While the file is
    missing or wrong the ring that was read last stays: links go on working.
    """

    def __init__(self, home: Path) -> None:
        self._home, self._path = home, keys.file_in(home)
        self._ring = keys.load(home, "")
        # Taken after the file was made, and before anybody relies on it: at worst it is read once more.
        self._seen: _Signature | None = None

    @property
    def current(self) -> Keyring:
        """The ring as of now; only the first call of a new state of the file reads it."""
        found = _signature(self._path)
        if found is not None and found != self._seen:
            self._seen = found
            self._read_again()
        return self._ring

    def _read_again(self) -> None:
        try:
            self._ring = keys.load(self._home, "")
        except (OSError, ValueError) as problem:
            log.warning("the key file cannot be used, the keys read before stay: %s", problem)


Keys = Keyring | WatchedKeys


def source(home: Path, text: str) -> Keys:
    """What `current` is asked of: the keys in `text` (TRACKING_KEYS), else the key file in `home`.

    Raises ValueError or OSError as tracking.keys.load does.
    """
    return keys.load(home, text) if text else WatchedKeys(home)


def _signature(path: Path) -> _Signature | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
