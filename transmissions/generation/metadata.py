"""Metadata of one copy: merged for events, cut for tracked URLs (contract 10 §4.2, 50 §5)."""

from typing import Any

import msgspec


def merged(recipient: dict[str, Any], transmission: dict[str, Any]) -> dict[str, Any]:
    """The recipient's keys in their order, then the transmission's that are not overridden."""
    if not transmission:
        return recipient
    if not recipient:
        return transmission
    return recipient | {key: value for key, value in transmission.items() if key not in recipient}


def cut(metadata: dict[str, Any], limit: int) -> dict[str, Any]:
    """The keys that fit into `limit` bytes of compact JSON, tried in order; a later one may still fit."""
    if not metadata or limit < len('{"":0}'):
        return {}
    if len(msgspec.json.encode(metadata)) <= limit:
        return metadata
    kept: dict[str, Any] = {}
    used = len("{}")
    for key, value in metadata.items():
        size = len(msgspec.json.encode({key: value})) - len("{}") + len(",") * bool(kept)
        if used + size <= limit:
            kept[key] = value
            used += size
    return kept
