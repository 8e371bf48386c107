"""API keys as plain text: how they are made, hashed, and read from a request (contract 00 §2, §12.1–3)."""

import base64
import binascii
import hashlib
import re
import secrets

KEY_BYTES = 20
SHORT_KEY_LENGTH = 4

_KEY = re.compile(r"[0-9a-f]{40}")


def new_key() -> str:
    """A fresh key: 40 lower-case hex digits."""
    return secrets.token_hex(KEY_BYTES)


def key_hash(key: str) -> str:
    """What is stored of a key: SHA-256 in hex. A key has 160 random bits: it needs neither salt nor stretching."""
    return hashlib.sha256(key.encode()).hexdigest()


def short_key(key: str) -> str:
    """The part of a key by which people tell keys apart."""
    return key[:SHORT_KEY_LENGTH]


def presented_key(authorization: str) -> str | None:
    """The key in an Authorization header: raw, after Bearer, or as the user name of Basic.

    None when the header holds nothing of the form of a key.
    """
    scheme, _, credentials = authorization.strip().partition(" ")
    match scheme.lower():
        case "basic":
            candidate = _user_name(credentials)
        case "bearer":
            candidate = credentials
        case _:
            candidate = authorization
    candidate = candidate.strip()
    return candidate if _KEY.fullmatch(candidate) else None


def _user_name(credentials: str) -> str:
    """The text before the first colon, or all of it without one; "" for what is not base64."""
    try:
        decoded = base64.b64decode(credentials.strip(), validate=True)
    except (binascii.Error, ValueError):
        return ""
    return decoded.decode("utf-8", "replace").partition(":")[0]
