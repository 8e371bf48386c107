"""What an installation makes for itself, once, and keeps in a file."""

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path


def kept_text(file: Path, make: Callable[[], str]) -> str:
    """The text of the file, made when it is missing; every process that races here reads the same text."""
    with contextlib.suppress(FileNotFoundError):
        return file.read_text()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as new:
        new.write(make())
        new.flush()
        os.fsync(new.fileno())
    # link(2) fails where the name exists: one writer wins, and nobody ever reads half a file.
    with contextlib.suppress(FileExistsError):
        os.link(draft, file)
    draft.unlink()
    return file.read_text()


def kept_secret(file: Path) -> str:
    """A secret of 48 random bytes."""
    return kept_text(file, lambda: secrets.token_urlsafe(48) + "\n").strip()
