"""The Redis stream between the hit path and the recorder: its name and the form of its entries.

An entry carries any number of hits in one field, since hits that arrive together are written together.
"""

from collections.abc import Sequence

import msgspec

from tracking.hits import Hit

STREAM = b"momentum:hits"
DEAD_LETTERS = b"momentum:hits:dead"
GROUP = "recorder"
FIELD = b"h"
# Hits in one entry: bounds the size of an entry and what one poisoned byte can take with it.
ENTRY_LIMIT = 200

_encode = msgspec.msgpack.Encoder().encode
_decode_frames = msgspec.msgpack.Decoder(list[bytes]).decode
_decode_hit = msgspec.msgpack.Decoder(Hit).decode


class UnreadableError(Exception):
    """An entry, or one hit of it, that no version of ours has written."""


def hit_frame(hit: Hit) -> bytes:
    """One hit, encoded by itself, so that a bad one spoils no other."""
    return _encode(hit)


def entries(frames: Sequence[bytes]) -> list[bytes]:
    """Hit frames as the values of as few entries as their limit allows."""
    return [_encode(frames[start : start + ENTRY_LIMIT]) for start in range(0, len(frames), ENTRY_LIMIT)]


def hit_frames(entry: bytes) -> list[bytes]:
    """The hit frames of an entry's value; raises UnreadableError."""
    try:
        return _decode_frames(entry)
    except msgspec.DecodeError as problem:
        raise UnreadableError(f"not a list of hits: {problem}") from problem


def read_hit(frame: bytes) -> Hit:
    """One hit; raises UnreadableError."""
    try:
        return _decode_hit(frame)
    except msgspec.DecodeError as problem:
        raise UnreadableError(f"not a hit: {problem}") from problem
