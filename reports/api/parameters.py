"""Query parameters of the metrics API as questions (contract 80 §3–§5); bad ones are refused by name."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime, tzinfo

from rest_framework.request import Request

from momentum.api import parameters
from momentum.lib import clock
from momentum.lib.errors import ApiError, refuse
from reports import query_filters
from reports.metrics import OFFERED
from reports.periods import (
    LONGEST,
    SERIES_ONLY,
    ZONED,
    Precision,
    Window,
    default_precision,
    parse,
    running_end,
    zone,
)
from reports.questions import SUBACCOUNT, Filters, Group, equal

MOST_ROWS, DEFAULT_ROWS = 10_000, 1_000

# Parameter -> field; the second spelling of two of them is Momentum's (contract 80 §4.1).
SIMPLE_FILTERS = {
    "domains": "recipient_domain",
    "campaigns": "campaign_id",
    "templates": "template_id",
    "sending_ips": "sending_ip",
    "bindings": "sending_ip",
    "ip_pools": "ip_pool",
    "binding_groups": "ip_pool",
    "sending_domains": "sending_domain",
    "subaccounts": SUBACCOUNT,
    "mailbox_providers": "mailbox_provider",
    "mailbox_provider_regions": "mailbox_provider_region",
    "subject_campaigns": "subject_campaign",
    "nodes": "node_name",
}


def metrics(request: Request, default: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The metrics asked for, each once, in their order; `default` where the endpoint has one."""
    names = tuple(dict.fromkeys(parameters.values(request, "metrics", parameters.delimiter(request))))
    if not names and not default:
        raise _missing("metrics")
    for name in names:
        if name not in OFFERED:
            raise parameters.bad_value("metrics", name, f"there is no metric {name}")
    return names or default


def filters(request: Request) -> Filters:
    """The filters in force: `query_filters` alone if given, else all simple ones."""
    text = parameters.text(request, "query_filters")
    if text is not None:
        return Filters(_query_filters(text))
    delimiter = parameters.delimiter(request)
    chosen: dict[str, tuple[str, ...]] = {}
    for name, field in SIMPLE_FILTERS.items():
        chosen[field] = chosen.get(field, ()) + tuple(parameters.values(request, name, delimiter))
    return Filters(tuple(equal(field, values) for field, values in chosen.items() if values))


def _query_filters(text: str) -> tuple[Group, ...]:
    groups = query_filters.read(text)
    if isinstance(groups, list):
        described = "; ".join(f"{violation.path or '/'} {violation.message}" for violation in groups[:3])
        raise refuse(
            "1200",
            f"query_filters: {described}",
            param="query_filters",
            value=text,
            validationErrors=[asdict(violation) for violation in groups],
        )
    return groups


def window(request: Request) -> tuple[Window, Precision | None]:
    """The window of a total or grouping, not yet rounded, and its precision if one was given."""
    precision = _precision(request)
    if precision in SERIES_ONLY:
        raise parameters.bad_value("precision", str(precision), f"precision {precision} is for time-series only")
    return _checked(request, precision), precision


def series_window(request: Request) -> tuple[Window, Precision]:
    """The window of a time series, not yet rounded, and its precision."""
    precision = _precision(request)
    if precision is None:
        found = _window(request, _zone(request))
        precision = default_precision(found.length)
    return _checked(request, precision), precision


def list_window(request: Request) -> tuple[datetime | None, datetime | None]:
    """`from` and `to` of the list endpoints, where both may be left out."""
    local = _zone(request)
    start, end = _moment(request, "from", local), _moment(request, "to", local)
    if start is not None and end is not None and start >= end:
        raise _empty(request)
    return start, end


def limit(request: Request, default: int | None = DEFAULT_ROWS) -> int | None:
    return parameters.integer(request, "limit", 1, MOST_ROWS, default)


def order_by(request: Request, default: str) -> str:
    """The metric by which a grouping is ordered; any known one, whether asked for or not."""
    name = parameters.text(request, "order_by")
    if name is not None and name not in OFFERED:
        raise parameters.bad_value("order_by", name, f"there is no metric {name}")
    return name or default


def _checked(request: Request, precision: Precision | None) -> Window:
    local = _zone(request)
    found = _window(request, local if precision is None or precision in ZONED else UTC)
    if precision in LONGEST and found.length > LONGEST[precision]:
        hours = LONGEST[precision].total_seconds() / 3600
        raise parameters.bad_value(
            "precision", str(precision), f"precision {precision} allows windows of up to {hours:g} hours"
        )
    return Window(found.start, min(found.end, running_end(clock.now())), found.zone)


def _window(request: Request, local: tzinfo) -> Window:
    now = clock.now()
    start = _moment(request, "from", local)
    if start is None:
        raise _missing("from")
    end = _moment(request, "to", local)
    if start > now:
        raise parameters.bad_value("from", parameters.text(request, "from") or "", "from lies in the future")
    if end is not None and start >= end:
        raise _empty(request)
    return Window(start, end or now, local)


def _moment(request: Request, name: str, local: tzinfo) -> datetime | None:
    text = parameters.text(request, name)
    if text is None:
        return None
    moment = parse(text, local)
    if moment is None:
        raise parameters.bad_value(name, text, f"{name} must be a date of the form YYYY-MM-DDTHH:MM")
    return moment


def _zone(request: Request) -> tzinfo:
    name = parameters.text(request, "timezone")
    if name is None:
        return UTC
    found = zone(name)
    if found is None:
        raise parameters.bad_value("timezone", name, f"there is no time zone {name}")
    return found


def _precision(request: Request) -> Precision | None:
    name = parameters.text(request, "precision")
    if name is None:
        return None
    if name not in _names(Precision):
        raise parameters.bad_value("precision", name, f"precision must be one of {', '.join(_names(Precision))}")
    return Precision(name)


def _names(choices: Iterable[Precision]) -> list[str]:
    return [choice.value for choice in choices]


def _missing(name: str) -> ApiError:
    return refuse("1401", f"{name} is required", param=name)


def _empty(request: Request) -> ApiError:
    return parameters.bad_value("from", parameters.text(request, "from") or "", "from must be before to")
