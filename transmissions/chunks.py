"""Recipients packed into chunks: compressed JSON, no row per recipient."""

import zlib
from collections.abc import Iterable, Iterator

import msgspec

from transmissions.values import Recipient

CHUNK_SIZE = 500
# Speed over size: a chunk is written once and read once or twice.
_LEVEL = 1

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[Recipient]).decode


def pack(recipients: list[Recipient]) -> bytes:
    """The stored form of one chunk."""
    return zlib.compress(_encode(recipients), _LEVEL)


def unpack(stored: bytes | memoryview) -> list[Recipient]:
    """The recipients of one chunk in their order."""
    return _decode(zlib.decompress(stored))


def unpack_if_held(stored: bytes | memoryview, words: bytes) -> list[Recipient]:
    """The recipients of one chunk if `words` (lower-case) occur anywhere in it in any case, else none: many chunks
    can be looked through without decoding them."""
    encoded = zlib.decompress(stored)
    lowered = encoded.lower() if words.isascii() else encoded.decode().lower().encode()
    return _decode(encoded) if words in lowered else []


def packed(recipients: Iterable[Recipient], size: int = CHUNK_SIZE) -> Iterator[tuple[int, bytes]]:
    """Chunks of at most `size` recipients as (count, stored form); at no time more than one chunk is unpacked."""
    waiting: list[Recipient] = []
    for recipient in recipients:
        waiting.append(recipient)
        if len(waiting) == size:
            yield size, pack(waiting)
            waiting.clear()
    if waiting:
        yield len(waiting), pack(waiting)
