"""What a new installation gets without being asked: an administrator and an API key."""

import secrets
from dataclasses import dataclass

from django.contrib.auth import get_user_model

from accounts import grants
from accounts.actions import create_key

ADMINISTRATOR = "admin"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Shown once, on the screen of the first run; only hashes are kept."""

    user: str
    password: str
    api_key: str


def create_credentials() -> Credentials | None:
    """Make the first administrator and the first key; None when the installation has people already."""
    users = get_user_model().objects
    if users.exists():
        return None
    password = secrets.token_urlsafe(9)
    users.create_superuser(ADMINISTRATOR, "", password)
    _, key = create_key("First key", grants.ALL)
    return Credentials(ADMINISTRATOR, password, key)
