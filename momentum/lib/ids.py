"""Identifiers: transmission ids, message numbers and ids, event ids (contract 00 §7)."""

import hashlib
import secrets
import time
from uuid import UUID

# 2020-01-01T00:00:00Z in milliseconds: keeps ids at 19 digits or fewer for the next century.
_EPOCH_MS = 1_577_836_800_000
_RANDOM_BITS = 22

MESSAGE_NUMBER_BITS = 48


def new_transmission_id() -> int:
    """A positive 63-bit integer that grows with time and cannot be guessed from its neighbours."""
    milliseconds = time.time_ns() // 1_000_000 - _EPOCH_MS
    return (milliseconds << _RANDOM_BITS) | secrets.randbits(_RANDOM_BITS)


def message_id(number: int, block_time: int) -> str:
    """The 20 lower-case hex digits of one message.

    `number` is the message's number, unique in this installation and below 2**48; `block_time` is
    the Unix second at which its block of numbers was reserved, which keeps ids apart between installations.
    """
    return f"{block_time & 0xFFFFFFFF:08x}{number:012x}"


def message_number(message_id: str) -> int:
    """The number inside a message id; raises ValueError when it is not 20 hex digits."""
    if len(message_id) != 20:
        raise ValueError("a message id has 20 hex digits")
    return int(message_id[8:], 16)


def message_event_id(message: int, event_type: str, attempt: int) -> UUID:
    """The id of what happened to a message at one attempt: a redo gives the same id."""
    seed = f"{message}:{event_type}:{attempt}".encode()
    return UUID(bytes=hashlib.blake2b(seed, digest_size=16).digest(), version=5)


def hit_event_id(milliseconds: int) -> UUID:
    """A fresh id for one tracked request, sortable by time (RFC 9562 §5.7)."""
    value = (milliseconds & 0xFFFFFFFFFFFF) << 80 | 0x7 << 76 | secrets.randbits(12) << 64
    return UUID(int=value | 0b10 << 62 | secrets.randbits(62))
