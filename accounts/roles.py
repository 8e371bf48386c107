"""What people may do: roles are groups, and this table says which permissions they hold.

The groups are brought to this table after every migration. A permission that no role names is left as an
administrator set it; to depart from the table, make a group of your own.
"""

from django.contrib.auth.models import Group, Permission

MARKETER, OPERATOR, ADMINISTRATOR = "Marketer", "Operator", "Administrator"

_MARKETER = frozenset(
    {
        "reports.view_reports",
        "sandbox.view_mail",
        *(f"transmissions.{verb}_template" for verb in ("view", "add", "change", "delete")),
        *(f"transmissions.{verb}_recipientlist" for verb in ("view", "add", "change", "delete")),
        *(f"transmissions.{verb}_suppression" for verb in ("view", "add")),
        "transmissions.view_transmission",
    }
)
_OPERATOR = _MARKETER | {
    "sandbox.delete_mail",
    "tracking.view_option",
    "tracking.change_option",
    "tracking.view_optionchange",
    "tracking.view_privacyrequest",
    "transmissions.change_transmission",
    "transmissions.delete_transmission",
    "transmissions.change_suppression",
    "transmissions.delete_suppression",
}

# The Administrator holds every permission there is, those over users and API keys included.
PERMISSIONS: dict[str, frozenset[str]] = {MARKETER: _MARKETER, OPERATOR: _OPERATOR}


def sync(app_label: str) -> None:
    """Give the roles their permissions among those of one app; running it again changes nothing."""
    there_are = {
        f"{app_label}.{permission.codename}": permission
        for permission in Permission.objects.filter(content_type__app_label=app_label)
    }
    managed = [there_are[name] for name in set().union(*PERMISSIONS.values()) if name in there_are]
    for role, names in PERMISSIONS.items():
        group, _ = Group.objects.get_or_create(name=role)
        group.permissions.remove(
            *(permission for permission in managed if _name(permission, app_label) not in names)
        )
        group.permissions.add(*(permission for permission in managed if _name(permission, app_label) in names))
    administrator, _ = Group.objects.get_or_create(name=ADMINISTRATOR)
    administrator.permissions.add(*there_are.values())


def _name(permission: Permission, app_label: str) -> str:
    return f"{app_label}.{permission.codename}"
