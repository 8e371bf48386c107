"""Keeps the mailbox within its limits. No Django."""

import threading
from collections import deque

from sandbox.mailbox import Limits, Mailbox


class Pruner:
    """Knows what the mailbox holds without reading the folder again for every message. Thread-safe."""

    def __init__(self, mailbox: Mailbox, limits: Limits) -> None:
        self._mailbox = mailbox
        self._limits = limits
        self._lock = threading.Lock()
        self._kept = deque(mailbox.sizes())
        self._size = sum(size for _, size in self._kept)

    def added(self, name: str, size: int) -> None:
        """Account for a new message, and delete the oldest until the limits hold; the newest stays whatever its
        size.
        """
        with self._lock:
            self._kept.append((name, size))
            self._size += size
            while len(self._kept) > 1 and self._is_over():
                oldest, its_size = self._kept.popleft()
                self._size -= its_size
                self._mailbox.delete(oldest)

    def _is_over(self) -> bool:
        return len(self._kept) > self._limits.messages or self._size > self._limits.size
