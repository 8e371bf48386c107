"""What an API key may do: the grants, declared once (contract 00 §2.1)."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant: its machine name, its label, what it opens, and the grant it brings along ("" for none).

    `reserved` grants can be given, but nothing asks for them yet.
    """

    name: str
    label: str
    opens: str
    implies: str = ""
    reserved: bool = False


GRANTS = (
    Grant("metrics/view", "Metrics: Read-only", "/metrics"),
    Grant("message_events/view", "Events: Read-only", "/events, /message-events"),
    Grant("adaptive_delivery/view", "Adaptive Delivery data: Read-only", "", reserved=True),
    Grant("webhooks/view", "Webhooks: Read-only", "/webhooks"),
    Grant("webhooks/modify", "Webhooks: Read-Write", "/webhooks", "webhooks/view"),
    Grant("templates/view", "Templates: Read-only", "/templates"),
    Grant("templates/modify", "Templates: Read-Write", "/templates", "templates/view"),
    Grant("templates/preview", "Templates: Preview", "/templates/…/preview, /utils/content-previewer"),
    Grant("transmissions/view", "Transmissions: Read-only", "/transmissions"),
    Grant("transmissions/modify", "Transmissions: Read-Write", "/transmissions", "transmissions/view"),
    Grant("smtp/inject", "Send via SMTP", "SMTP injection", reserved=True),
    Grant("recipient_lists/manage", "Recipient Lists: Read-Write", "/recipient-lists"),
    Grant("sending_domains/manage", "Sending Domains: Read-Write", "/sending-domains"),
    Grant("tracking_domains/view", "Tracking Domains: Read-only", "/tracking-domains"),
    Grant("tracking_domains/manage", "Tracking Domains: Read-Write", "/tracking-domains", "tracking_domains/view"),
    Grant("suppression_lists/manage", "Suppression Lists: Read-Write", "/suppression-list"),
    Grant("subaccount/view", "Subaccounts: Read-only", "", reserved=True),
    Grant("subaccount/manage", "Subaccounts: Read-Write", "", "subaccount/view", reserved=True),
    Grant("ab-testing/view", "A/B Testing: Read-only", "", reserved=True),
    Grant("ab-testing/manage", "A/B Testing: Read-Write", "", "ab-testing/view", reserved=True),
    Grant("ip_pools/view", "IP Pools: Read-only", "", reserved=True),
    Grant("ip_pools/manage", "IP Pools: Read-Write", "", "ip_pools/view", reserved=True),
    Grant("account/view", "Account: Read-only", "/account"),
    Grant("account/manage", "Account: Read-Write", "/account", "account/view"),
)
BY_NAME = {grant.name: grant for grant in GRANTS}
ALL = frozenset(BY_NAME)


def unknown(names: Iterable[str]) -> list[str]:
    """Those of `names` that are no grants, in the order given."""
    return [name for name in names if name not in BY_NAME]


def effective(names: Iterable[str]) -> frozenset[str]:
    """`names` and the grants that they bring along; names that are no grants any more open nothing."""
    known = [BY_NAME[name] for name in names if name in BY_NAME]
    return frozenset(name for grant in known for name in (grant.name, grant.implies) if name)


def labels(names: Iterable[str]) -> list[str]:
    """The labels of `names` in the order of the table."""
    given = set(names)
    return [grant.label for grant in GRANTS if grant.name in given]
