"""The keys that seal tracked links: read from the environment, or made once and kept in MOMENTUM_HOME."""

import contextlib
import hmac
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_ID_BYTES = 2
# A key is any text of at least this length, so that the output of every usual generator will do.
MINIMUM_LENGTH = 32
_FILE = "tracking_keys"


@dataclass(frozen=True, slots=True)
class Key:
    """One key: `id` is what tokens name it by, `nonce_key` is for the synthetic nonces."""

    id: bytes
    cipher: AESGCM = field(repr=False)
    nonce_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class Keyring:
    """The first key seals; all of them open, so that links sealed with retired keys stay valid."""

    keys: tuple[Key, ...]

    @property
    def sealing(self) -> Key:
        return self.keys[0]


def load(home: Path, text: str) -> Keyring:
    """The keyring written in `text` (TRACKING_KEYS), or the one kept in `home/keys/` when `text` is "".

    `text` is a list of keys, newest first, separated by commas or whitespace. Raises ValueError when a key
    is shorter than 32 characters or there is none; the message does not show the key.
    """
    secrets_listed = _words(text) or _words(_kept(home / "keys" / _FILE))
    if not secrets_listed:
        raise ValueError("there is no key")
    for position, secret in enumerate(secrets_listed, start=1):
        if len(secret) < MINIMUM_LENGTH:
            raise ValueError(f"key {position} has fewer than {MINIMUM_LENGTH} characters")
    return Keyring(tuple(_key(secret) for secret in dict.fromkeys(secrets_listed)))


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[,\s]+", text) if word]


def _key(secret: str) -> Key:
    return Key(
        id=_derive(secret, "key id")[:KEY_ID_BYTES],
        cipher=AESGCM(_derive(secret, "seal")),
        nonce_key=_derive(secret, "nonce"),
    )


def _derive(secret: str, purpose: str) -> bytes:
    return hmac.digest(secret.encode(), f"momentum tracking 1: {purpose}".encode(), "sha256")


def _kept(file: Path) -> str:
    """The text of the key file, made when it is missing; every process that races here reads the same text."""
    with contextlib.suppress(FileNotFoundError):
        return file.read_text()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f".{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as new:
        new.write(secrets.token_urlsafe(48) + "\n")
        new.flush()
        os.fsync(new.fileno())
    # link(2) fails where the name exists: one writer wins, and nobody ever reads half a file.
    with contextlib.suppress(FileExistsError):
        os.link(draft, file)
    draft.unlink()
    return file.read_text()
