"""The `query_filters` parameter: its schema, and what it means (contract 80 §4.2)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

from reports.questions import SUBACCOUNT, Comparison, Condition, Group

FIELDS = {
    "domains": "recipient_domain",
    "sending_ips": "sending_ip",
    "ip_pools": "ip_pool",
    "campaigns": "campaign_id",
    "subject_campaigns": "subject_campaign",
    "templates": "template_id",
    "sending_domains": "sending_domain",
    "mailbox_providers": "mailbox_provider",
    "mailbox_provider_regions": "mailbox_provider_region",
    "subaccounts": SUBACCOUNT,
}
_SHORTEST_PART = 3
_LIKE = frozenset({Comparison.LIKE, Comparison.NOT_LIKE})


def schema() -> dict[str, Any]:
    """The JSON schema that `query_filters` follows."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema",
        "$id": "root",
        "type": "object",
        "required": ["groupings"],
        "additionalProperties": False,
        "properties": {"groupings": {"type": "array", "items": {"$ref": "#/$defs/group"}}},
        "$defs": {
            "group": _object({"AND": "filters", "OR": "filters"}) | {"maxProperties": 1},
            "filters": _object(dict.fromkeys(FIELDS, "compare")),
            "compare": _object(
                {comparison: "part" if comparison in _LIKE else "exact" for comparison in Comparison}
            ),
            "exact": {"type": "array", "minItems": 1, "items": {"type": ["string", "integer"]}},
            "part": {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": _SHORTEST_PART}},
        },
    }


def _object(properties: dict[Any, str]) -> dict[str, Any]:
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": False,
        "properties": {str(name): {"$ref": f"#/$defs/{kind}"} for name, kind in properties.items()},
    }


@dataclass(frozen=True, slots=True)
class Violation:
    """One place where the parameter departs from its schema; `path` is a JSON pointer."""

    path: str
    message: str


def read(text: str) -> tuple[Group, ...] | list[Violation]:
    """The groups that a `query_filters` text stands for, or everything that is wrong with it."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as problem:
        return [Violation("", f"is not JSON: {problem}")]
    violations = list(_violations(value))
    if violations:
        return violations
    return tuple(_group(group) for group in value["groupings"])


def _group(group: dict[str, Any]) -> Group:
    ((operator, filters),) = group.items()
    conditions = tuple(
        Condition(FIELDS[key], Comparison(name), tuple(str(value) for value in values))
        for key, comparators in filters.items()
        for name, values in comparators.items()
    )
    return Group(conditions, any_of=operator == "OR")


def _violations(value: object) -> Iterator[Violation]:
    if not isinstance(value, dict):
        yield Violation("", "must be an object")
        return
    if "groupings" not in value:
        yield Violation("", "must have the property 'groupings'")
    for name in value.keys() - {"groupings"}:
        yield Violation("", f"must not have the property {json.dumps(name)}")
    groupings = value.get("groupings", [])
    if not isinstance(groupings, list):
        yield Violation("/groupings", "must be an array")
        return
    for number, group in enumerate(groupings):
        path = f"/groupings/{number}"
        yield from _unknown(group, path, ("AND", "OR"))
        if isinstance(group, dict) and len(group) > 1:
            yield Violation(path, "must have exactly one property")
        for operator, filters in _members(group, ("AND", "OR")):
            yield from _filter_violations(filters, f"{path}/{operator}")


def _filter_violations(filters: object, path: str) -> Iterator[Violation]:
    yield from _unknown(filters, path, FIELDS)
    for key, comparators in _members(filters, FIELDS):
        yield from _unknown(comparators, f"{path}/{key}", list(Comparison))
        for name, values in _members(comparators, list(Comparison)):
            yield from _value_violations(values, f"{path}/{key}/{name}", like=Comparison(name) in _LIKE)


def _value_violations(values: object, path: str, *, like: bool) -> Iterator[Violation]:
    if not isinstance(values, list) or not values:
        yield Violation(path, "must be an array with at least one item")
        return
    for number, value in enumerate(values):
        if isinstance(value, str):
            if "\0" in value:
                yield Violation(f"{path}/{number}", "must not contain a NUL character")
            elif like and len(value) < _SHORTEST_PART:
                yield Violation(f"{path}/{number}", f"must have at least {_SHORTEST_PART} characters")
        elif like or isinstance(value, bool) or not isinstance(value, int):
            yield Violation(f"{path}/{number}", "must be a string" if like else "must be a string or an integer")


def _unknown(value: object, path: str, known: Any) -> Iterator[Violation]:
    if not isinstance(value, dict) or not value:
        yield Violation(path, "must be an object with at least one property")
        return
    for name in value:
        if name not in known:
            yield Violation(path, f"must not have the property {json.dumps(name)}")


def _members(value: object, known: Any) -> Iterator[tuple[str, object]]:
    if isinstance(value, dict):
        yield from ((name, member) for name, member in value.items() if name in known)
