from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People and keys"

    def ready(self) -> None:
        # Django makes an app's permissions in the same signal, from a receiver that connected earlier.
        post_migrate.connect(_sync_roles, dispatch_uid="accounts.roles")


def _sync_roles(sender: AppConfig, **arguments: Any) -> None:
    from accounts import roles  # models cannot be imported before the apps are ready

    # A partial migration (`migrate contenttypes`) passes by here before the groups have a table.
    migrated = arguments.get("apps", apps)
    if any(model._meta.label == "auth.Group" for model in migrated.get_models()):
        roles.sync(sender.label)
