"""Addresses of the metrics API, relative to /api/v1/."""

from collections.abc import Iterator

from django.urls import URLPattern

from momentum.api.routes import endpoint
from reports.api import reasons, views
from reports.dimensions import NODE, SUBJECT
from reports.questions import DETAIL, SUBACCOUNT

_BASE = "metrics/deliverability"

# Path word -> (field, key in the rows)
_GROUPINGS = {
    "domain": ("recipient_domain", "domain"),
    "sending-ip": ("sending_ip", "sending_ip"),
    "ip-pool": ("ip_pool", "ip_pool"),
    "sending-domain": ("sending_domain", "sending_domain"),
    "campaign": ("campaign_id", "campaign_id"),
    "template": ("template_id", "template_id"),
    "subject-campaign": (SUBJECT, "subject_campaign"),
    "mailbox-provider": ("mailbox_provider", "mailbox_provider"),
    "mailbox-provider-region": ("mailbox_provider_region", "mailbox_provider_region"),
    "binding": ("sending_ip", "binding"),
    "binding-group": ("ip_pool", "binding_group"),
}
_REASONS = {
    "bounce-reason": (reasons.Bounces, (DETAIL,)),
    "bounce-reason/domain": (reasons.Bounces, (DETAIL, "recipient_domain")),
    "bounce-classification": (reasons.Bounces, ()),
    "rejection-reason": (reasons.Rejections, (DETAIL,)),
    "rejection-reason/domain": (reasons.Rejections, (DETAIL, "recipient_domain")),
    "delay-reason": (reasons.Delays, (DETAIL,)),
    "delay-reason/domain": (reasons.Delays, (DETAIL, "recipient_domain")),
}
_LISTS = {
    "campaigns": "campaign_id",
    "domains": "recipient_domain",
    "templates": "template_id",
    "ip-pools": "ip_pool",
    "sending-ips": "sending_ip",
    "sending-domains": "sending_domain",
    "subject-campaigns": SUBJECT,
    "mailbox-providers": "mailbox_provider",
    "mailbox-provider-regions": "mailbox_provider_region",
    "bindings": "sending_ip",
    "binding-groups": "ip_pool",
    "nodes": NODE,
    "protocols": "",
}


def _link(path: str, rel: str) -> dict[str, str]:
    return {"href": f"/api/v1/{path}", "rel": rel, "method": "GET"}


_CHILDREN = (
    *("aggregate", *_GROUPINGS, "subaccount", "watched-domain", "time-series", *_REASONS),
    *("link-name", "attempt", "query-filters-schema"),
)
_TOTAL_LINKS = [_link(_BASE, "deliverability"), *(_link(f"{_BASE}/{child}", child) for child in _CHILDREN)]
_METRICS_LINKS = [_link(_BASE, "deliverability"), *(_link(f"metrics/{name}", name) for name in _LISTS)]


def _patterns() -> Iterator[list[URLPattern]]:
    yield endpoint("metrics", views.Fixed.as_view(answer={"results": {}, "links": _METRICS_LINKS}), name="metrics")
    for path in (_BASE, f"{_BASE}/aggregate"):
        yield endpoint(path, views.Total.as_view(links=_TOTAL_LINKS))
    for word, (field, key) in _GROUPINGS.items():
        yield endpoint(f"{_BASE}/{word}", views.Grouping.as_view(field=field, key=key))
    yield endpoint(f"{_BASE}/subaccount", views.Subaccounts.as_view(field=SUBACCOUNT, key="subaccount_id"))
    yield endpoint(
        f"{_BASE}/watched-domain", views.WatchedDomains.as_view(field="recipient_domain", key="watched_domain")
    )
    yield endpoint(f"{_BASE}/time-series", views.TimeSeries.as_view())
    for word, (view, group_by) in _REASONS.items():
        yield endpoint(f"{_BASE}/{word}", view.as_view(group_by=group_by))
    yield endpoint(f"{_BASE}/link-name", views.Links.as_view())
    yield endpoint(f"{_BASE}/attempt", reasons.Attempts.as_view())
    yield endpoint(f"{_BASE}/query-filters-schema", views.FilterSchema.as_view())
    for word, field in _LISTS.items():
        yield endpoint(f"metrics/{word}", views.Listing.as_view(name=word, field=field))
    yield endpoint("metrics/benchmarks/inbox-rate", views.Fixed.as_view(answer={"results": []}))


api_urlpatterns = [pattern for patterns in _patterns() for pattern in patterns]
