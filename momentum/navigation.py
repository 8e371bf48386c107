"""The admin's menu: what a person may see of it (contract 90 §1)."""

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

# Group -> (label, symbol, address, permission).
_MENU: dict[str, tuple[tuple[str, str, str, str], ...]] = {
    "Reports": (
        ("Summary", "monitoring", "reports:summary", "reports.view_reports"),
        ("Bounces", "undo", "reports:bounces", "reports.view_reports"),
        ("Rejections", "block", "reports:rejections", "reports.view_reports"),
        ("Accepted", "done_all", "reports:accepted", "reports.view_reports"),
        ("Delayed", "schedule", "reports:delayed", "reports.view_reports"),
        ("Engagement", "ads_click", "reports:engagement", "reports.view_reports"),
        ("Compare", "compare_arrows", "reports:comparison", "reports.view_reports"),
        ("When and where", "calendar_clock", "reports:habits", "reports.view_reports"),
        ("Click map", "touch_app", "click_map", "transmissions.view_transmission"),
        ("Events", "person_search", "reports:events", "reports.view_reports"),
    ),
    "Mail": (
        (
            "Transmissions",
            "outgoing_mail",
            "admin:transmissions_transmission_changelist",
            "transmissions.view_transmission",
        ),
        ("Templates", "draft", "templates:list", "transmissions.view_template"),
        (
            "Recipient lists",
            "groups",
            "admin:transmissions_recipientlist_changelist",
            "transmissions.view_recipientlist",
        ),
        (
            "Suppression list",
            "block",
            "admin:transmissions_suppression_changelist",
            "transmissions.view_suppression",
        ),
        ("Sandbox mail", "inbox", "sandbox:mail", "sandbox.view_mail"),
    ),
    "Settings": (
        ("msg_gen configuration", "tune", "msg_gen", "tracking.view_option"),
        ("Human or machine", "smart_toy", "traffic_rules", "tracking.view_option"),
        (
            "Privacy requests",
            "shield_person",
            "admin:tracking_privacyrequest_changelist",
            "tracking.view_privacyrequest",
        ),
        ("API keys", "key", "admin:accounts_apikey_changelist", "accounts.view_apikey"),
        ("People", "person", "admin:auth_user_changelist", "auth.view_user"),
        ("Roles", "badge", "admin:auth_group_changelist", "auth.view_group"),
    ),
}


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """The menu for the person who is logged in, without what has no page here and without empty groups."""
    groups = []
    for title, entries in _MENU.items():
        items = [
            {"title": label, "icon": symbol, "link": link}
            for label, symbol, address, permission in entries
            if request.user.has_perm(permission) and (link := _address(address))
        ]
        if items:
            groups.append({"title": title, "separator": True, "items": items})
    return groups


def _address(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:
        return None
