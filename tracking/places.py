"""Where an address is, by a local database in MaxMind's format (contract 50 §7); without one nobody knows."""

import logging
import os
from collections.abc import Mapping
from typing import Any

import maxminddb

log = logging.getLogger(__name__)


class Places:
    """Looks addresses up in the file that GEOIP_DATABASE names; answers {} without a file or an entry."""

    def __init__(self, variables: Mapping[str, str] = os.environ) -> None:
        self._reader: maxminddb.Reader | None = None
        if path := variables.get("GEOIP_DATABASE"):
            try:
                self._reader = maxminddb.open_database(path)
            except (OSError, maxminddb.InvalidDatabaseError) as problem:
                log.warning("GEOIP_DATABASE: places stay unknown: %s", problem)

    def of(self, address: str) -> dict[str, Any]:
        """`geo_ip` of contract 60 §3, with the fields that are known."""
        if self._reader is None or not address:
            return {}
        try:
            record = self._reader.get(address)
        except (ValueError, maxminddb.InvalidDatabaseError):
            return {}
        return fields(record) if isinstance(record, dict) else {}


def fields(record: dict[str, Any]) -> dict[str, Any]:
    """The fields of `geo_ip` that a database record holds."""
    postal = _within(record, "postal", "code")
    regions = record.get("subdivisions")
    first = regions[0] if isinstance(regions, list) and regions else {}
    known = {
        "country": _within(record, "country", "iso_code"),
        "region": _within({"region": first}, "region", "iso_code"),
        "city": _within(record, "city", "names", "en"),
        "latitude": _within(record, "location", "latitude"),
        "longitude": _within(record, "location", "longitude"),
        "zip": postal,
        "postal_code": postal,
    }
    return {name: value for name, value in known.items() if value is not None}


def _within(record: Any, *path: str) -> Any:
    for step in path:
        record = record.get(step) if isinstance(record, dict) else None
    return record
