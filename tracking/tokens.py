"""Sealing and opening the two parts of a tracked URL (docs/tracking.md, "Tokens").

A part is `version, key id, nonce, AES-256-GCM(payload)` as base64url without padding. The nonce is a keyed
hash of the payload, so that the same payload gives the same part (docs/decisions.md 4).
"""

import binascii
from collections.abc import Callable
from enum import IntEnum, StrEnum
from functools import lru_cache
from hashlib import blake2b
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag

from momentum.lib import clock
from momentum.lib.ids import MESSAGE_NUMBER_BITS
from tracking.keys import KEY_ID_BYTES, Key, Keyring

FUTURE_TOLERANCE_S = 300
# Room for the longest target that is redirected to (4,096 bytes, contract 50 §6) and one somewhat longer.
PART_LIMIT = 12_000

_VERSION = b"\x01"
_NONCE_BYTES = 12
_TAG_BYTES = 16
_HEADER_BYTES = len(_VERSION) + KEY_ID_BYTES
# The kinds of part never share a nonce: each has its own label in nonce and authenticated data.
_MESSAGE, _LINK = b"message", b"link"

_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/!!!")
# The last character of base64 carries unused bits, which must be zero: one token, one spelling (RFC 4648 §3.5).
_CLOSING = {0: None, 2: frozenset("AQgw"), 3: frozenset("AEIMQUYcgkosw048")}

P = TypeVar("P")


class Kind(IntEnum):
    """What a link is for; the number is part of the sealed payload."""

    OPEN = 1
    INITIAL_OPEN = 2
    CLICK = 3
    AMP_OPEN = 4
    AMP_INITIAL_OPEN = 5
    AMP_CLICK = 6
    LIST_UNSUBSCRIBE = 7


OPEN_KINDS = frozenset({Kind.OPEN, Kind.INITIAL_OPEN, Kind.AMP_OPEN, Kind.AMP_INITIAL_OPEN})
CLICK_KINDS = frozenset({Kind.CLICK, Kind.AMP_CLICK})

# Bits of MessagePart.sent_with: the settings under which the message was sent.
SENT_WITH_OPEN_TRACKING, SENT_WITH_CLICK_TRACKING, SENT_WITH_INITIAL_OPEN, SENT_WITH_AMP = 1, 2, 4, 8


class MessagePart(msgspec.Struct, frozen=True, array_like=True):
    """What is the same in all links of one message.

    `message` is its number, `block_time` (Unix s) makes the message id of it (momentum.lib.ids), `sent_at` is
    Unix s, `rcpt_to` as given, `metadata` already cut to max_metadata_len, `sent_with` a set of bits.
    """

    transmission: int
    message: int
    block_time: int
    sent_at: int
    rcpt_to: str
    tags: tuple[str, ...] = ()
    metadata: dict[str, Any] = {}
    sent_with: int = 0


class LinkPart(msgspec.Struct, frozen=True, array_like=True):
    """What one link leads to; the same for all messages of a transmission where the destination is.

    `label` is the link's row in reports (contract 80 §7), `position` counts from 1 in its `part` (html, text,
    amp_html), `message` is the only message number it fits, or 0 for every message of the transmission.
    """

    kind: Kind
    transmission: int
    campaign_id: str = ""
    template_id: str = ""
    template_version: int = 0
    sending_domain: str = ""
    url: str = ""
    name: str = ""
    label: str = ""
    position: int = 0
    part: str = ""
    unsubscribe: bool = False
    message: int = 0


class Refusal(StrEnum):
    """Why a token does not open."""

    MALFORMED = "malformed"  # not base64url, too short or too long
    UNKNOWN_VERSION = "unknown_version"
    UNKNOWN_KEY = "unknown_key"  # sealed by another installation, or by a key that was thrown away
    FORGED = "forged"  # the seal does not fit: made or altered without the key, or cut short
    UNREADABLE = "unreadable"  # sealed by us, with a payload of another shape
    SPLICED = "spliced"  # two parts that do not belong together
    FROM_THE_FUTURE = "from_the_future"  # sent more than 5 minutes from now
    UNSAFE_TARGET = "unsafe_target"  # a click that does not lead to http:// or https://


class BadToken(NamedTuple):
    reason: Refusal


# What our columns and dates can hold; nothing beyond was ever sealed on purpose.
_Id = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_Number = Annotated[int, msgspec.Meta(ge=0, lt=1 << MESSAGE_NUMBER_BITS)]
_UnixSecond = Annotated[int, msgspec.Meta(ge=0, lt=2**33)]


class _WireMessage(msgspec.Struct, frozen=True, array_like=True):
    """MessagePart with the metadata as JSON text: MessagePack has no integers beyond 64 bits, JSON has."""

    transmission: _Id
    message: _Number
    block_time: _UnixSecond
    sent_at: _UnixSecond
    rcpt_to: str
    tags: tuple[str, ...] = ()
    metadata: bytes = b""
    sent_with: int = 0


_encode = msgspec.msgpack.Encoder().encode
_decode_message = msgspec.msgpack.Decoder(_WireMessage).decode
_decode_link = msgspec.msgpack.Decoder(LinkPart).decode


class Sealer:
    """Seals with one key of a ring, the first unless `key` names another; the same input gives the same text."""

    def __init__(self, keyring: Keyring, key: str = "") -> None:
        self._key = keyring.with_id(key) or keyring.sealing

    def message_part(self, part: MessagePart) -> str:
        """The sealed message part, base64url without padding."""
        metadata = msgspec.json.encode(part.metadata) if part.metadata else b""
        wire = _WireMessage(
            *(part.transmission, part.message, part.block_time, part.sent_at),
            *(part.rcpt_to, part.tags, metadata, part.sent_with),
        )
        return _seal(self._key, _MESSAGE, _encode(wire))

    def link_part(self, part: LinkPart) -> str:
        """The sealed link part, base64url without padding.

        Raises ValueError for a click that leads elsewhere than to http:// or https://: such a link must
        not exist.
        """
        if part.kind in CLICK_KINDS and not is_web_address(part.url):
            raise ValueError("only http and https destinations are sealed")
        return _seal(self._key, _LINK, _encode(part))


def open_token(keyring: Keyring, message_part: str, link_part: str) -> tuple[MessagePart, LinkPart] | BadToken:
    """Both parts of a tracked URL, or why they do not open; any text may be given."""
    opened = _open_both(keyring, message_part, link_part)
    if isinstance(opened, BadToken):
        return opened
    wire, link = opened
    try:
        metadata = msgspec.json.decode(wire.metadata, type=dict[str, Any]) if wire.metadata else {}
    except msgspec.DecodeError:
        return BadToken(Refusal.UNREADABLE)
    message = MessagePart(
        *(wire.transmission, wire.message, wire.block_time, wire.sent_at),
        *(wire.rcpt_to, wire.tags, metadata, wire.sent_with),
    )
    return message, link


def open_link(keyring: Keyring, message_part: str, link_part: str) -> LinkPart | BadToken:
    """Where a tracked URL leads, found out as `open_token` does but without taking the metadata apart."""
    opened = _open_both(keyring, message_part, link_part)
    return opened if isinstance(opened, BadToken) else opened[1]


def is_web_address(url: str) -> bool:
    """Whether a destination begins with http:// or https:// (in any case)."""
    return url[:8].lower().startswith(("http://", "https://"))


def _seal(key: Key, label: bytes, payload: bytes) -> str:
    nonce = blake2b(payload, digest_size=_NONCE_BYTES, key=key.nonce_key, person=label).digest()
    header = _VERSION + key.id
    sealed = header + nonce + key.cipher.encrypt(nonce, payload, header + label)
    return binascii.b2a_base64(sealed, newline=False).translate(_TO_URL).rstrip(b"=").decode("ascii")


def _open_both(keyring: Keyring, message_part: str, link_part: str) -> tuple[_WireMessage, LinkPart] | BadToken:
    message = _open(keyring, _MESSAGE, message_part, _decode_message)
    if isinstance(message, BadToken):
        return message
    link = _open_link_part(keyring, link_part)
    if isinstance(link, BadToken):
        return link
    if message.transmission != link.transmission or link.message not in (0, message.message):
        return BadToken(Refusal.SPLICED)
    if message.sent_at > clock.now().timestamp() + FUTURE_TOLERANCE_S:
        return BadToken(Refusal.FROM_THE_FUTURE)
    if link.kind in CLICK_KINDS and not is_web_address(link.url):
        return BadToken(Refusal.UNSAFE_TARGET)
    return message, link


# Most links are the same in all messages of a transmission, and most hits come soon after sending.
@lru_cache(maxsize=1024)
def _open_link_part(keyring: Keyring, link_part: str) -> LinkPart | BadToken:
    return _open(keyring, _LINK, link_part, _decode_link)


def _open(keyring: Keyring, label: bytes, text: str, decode: Callable[[bytes], P]) -> P | BadToken:
    sealed = _from_base64url(text)
    if sealed is None or len(sealed) < _HEADER_BYTES + _NONCE_BYTES + _TAG_BYTES:
        return BadToken(Refusal.MALFORMED)
    if sealed[:1] != _VERSION:
        return BadToken(Refusal.UNKNOWN_VERSION)
    header = sealed[:_HEADER_BYTES]
    nonce = sealed[_HEADER_BYTES : _HEADER_BYTES + _NONCE_BYTES]
    ciphertext = sealed[_HEADER_BYTES + _NONCE_BYTES :]
    candidates = [key for key in keyring.keys if key.id == header[1:]]
    for key in candidates:
        try:
            return decode(key.cipher.decrypt(nonce, ciphertext, header + label))
        except InvalidTag:
            continue
        except msgspec.DecodeError:
            return BadToken(Refusal.UNREADABLE)
    return BadToken(Refusal.FORGED if candidates else Refusal.UNKNOWN_KEY)


def _from_base64url(text: str) -> bytes | None:
    remainder = len(text) % 4
    if len(text) > PART_LIMIT or remainder not in _CLOSING:
        return None
    closing = _CLOSING[remainder]
    if closing is not None and text[-1] not in closing:
        return None
    try:
        translated = text.encode("ascii").translate(_FROM_URL) + b"=="[: -remainder % 4]
        return binascii.a2b_base64(translated, strict_mode=True)
    except ValueError:
        return None
