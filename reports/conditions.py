"""Filters as SQL over a row `d`, which is a dimension set or an event: both name their columns alike."""

from typing import Any

from reports.dimensions import NODE
from reports.questions import PRIMARY_ACCOUNT, SUBACCOUNT, Comparison, Condition, Filters, Group

Sql = tuple[str, list[Any]]

# Names of domains mean the same in any case (RFC 4343); everything else is compared as it is.
_CASELESS = frozenset({"recipient_domain", "sending_domain"})
_COLUMNS = {
    NODE: "coalesce(d.data->>'node_name', '')",
    "sending_domain": "lower(d.sending_domain)",
    "recipient_domain": "lower(d.recipient_domain)",
}
_NEGATED = {Comparison.NOT_EQUAL: Comparison.EQUAL, Comparison.NOT_LIKE: Comparison.LIKE}


def where(filters: Filters) -> Sql:
    """The groups of the filters as one condition ("TRUE" without any) and its parameters."""
    parts = [_group(group) for group in filters.groups]
    return _joined(" AND ", parts) if parts else ("TRUE", [])


def _group(group: Group) -> Sql:
    return _joined(" OR " if group.any_of else " AND ", [_condition(condition) for condition in group.conditions])


def _joined(operator: str, parts: list[Sql]) -> Sql:
    sql = operator.join(part for part, _ in parts)
    return f"({sql})", [value for _, values in parts for value in values]


def _condition(condition: Condition) -> Sql:
    if condition.comparison in _NEGATED:
        positive = Condition(condition.field, _NEGATED[condition.comparison], condition.values)
        sql, values = _condition(positive)
        return f"NOT {sql}", values
    if condition.field == SUBACCOUNT:
        return ("TRUE" if PRIMARY_ACCOUNT in condition.values else "FALSE"), []
    column, values = _COLUMNS.get(condition.field, f"d.{condition.field}"), list(condition.values)
    if condition.comparison is Comparison.EQUAL:
        if condition.field in _CASELESS:
            values = [value.lower() for value in values]
        return f"({column} = ANY(%s) AND {column} <> '')", [values]
    return f"({column} ILIKE ANY(%s))", [[f"%{_escaped(value)}%" for value in values]]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
