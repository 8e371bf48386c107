"""The keys that seal tracked links: read from the environment, or made once and kept in MOMENTUM_HOME."""

import hmac
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from momentum.lib import clock
from momentum.lib.kept import kept_text

KEY_ID_BYTES = 2
# A key is any text of at least this length, so that the output of every usual generator will do.
MINIMUM_LENGTH = 32
_FILE = "tracking_keys"
# A key file also says when each key was made, and keeps a record of revoked ones (tracking.key_file).
_COMMENT = re.compile(r"(?:^|\s)#.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Key:
    """One key: `id` is what tokens name it by, `nonce_key` is for the synthetic nonces."""

    id: bytes
    cipher: AESGCM = field(repr=False)
    nonce_key: bytes = field(repr=False)

    @property
    def name(self) -> str:
        """The id in hex, as people and the database name the key."""
        return self.id.hex()


@dataclass(frozen=True, slots=True, eq=False)
class Keyring:
    """The first key seals; all of them open, so that links sealed with retired keys stay valid."""

    keys: tuple[Key, ...]

    @property
    def sealing(self) -> Key:
        return self.keys[0]

    @property
    def current(self) -> "Keyring":
        """Itself: keys that come from TRACKING_KEYS change only with a restart (see tracking.key_watch)."""
        return self

    def with_id(self, key_id: str) -> Key | None:
        """The first key of that id (hex), None where there is none."""
        return next((key for key in self.keys if key.name == key_id), None)


def load(home: Path, text: str) -> Keyring:
    """The keyring written in `text` (TRACKING_KEYS), or the one kept in `home/keys/` when `text` is "".

    `text` is a list of keys, newest first, separated by commas or whitespace. Raises ValueError when a key
    is shorter than 32 characters or there is none; the message does not show the key.
    """
    secrets_listed = _separated(text) or words(kept_text(file_in(home), lambda: new_line(clock.now())))
    if not secrets_listed:
        raise ValueError("there is no key")
    for position, secret in enumerate(secrets_listed, start=1):
        if len(secret) < MINIMUM_LENGTH:
            raise ValueError(f"key {position} has fewer than {MINIMUM_LENGTH} characters")
    return Keyring(tuple(_key(secret) for secret in dict.fromkeys(secrets_listed)))


def file_in(home: Path) -> Path:
    """Where an installation without TRACKING_KEYS keeps its keys."""
    return home / "keys" / _FILE


def new_line(made_at: datetime) -> str:
    """A new key as a line of the key file."""
    return f"{secrets.token_urlsafe(48)} # made {made_at:%Y-%m-%dT%H:%M:%SZ}\n"


def name_of(secret: str) -> str:
    """The id, in hex, that tokens sealed with this key carry."""
    return _derive(secret, "key id")[:KEY_ID_BYTES].hex()


def words(kept: str) -> list[str]:
    """The keys in the text of a key file."""
    return _separated(_COMMENT.sub("", kept))


def _separated(text: str) -> list[str]:
    return [word for word in re.split(r"[,\s]+", text) if word]


def _key(secret: str) -> Key:
    return Key(
        id=bytes.fromhex(name_of(secret)),
        cipher=AESGCM(_derive(secret, "seal")),
        nonce_key=_derive(secret, "nonce"),
    )


def _derive(secret: str, purpose: str) -> bytes:
    return hmac.digest(secret.encode(), f"momentum tracking 1: {purpose}".encode(), "sha256")
