"""What can be done with API keys."""

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import DatabaseError, transaction
from django.db.models import Q

from accounts import grants, keys
from accounts.models import ApiKey
from momentum.lib import clock

logger = logging.getLogger(__name__)

# A key in constant use must not cost a write for each request.
USE_NOTED_EVERY = timedelta(minutes=1)


def create_key(
    label: str,
    granted: Iterable[str],
    *,
    valid_ips: Iterable[str] = (),
    created_by: User | None = None,
) -> tuple[ApiKey, str]:
    """Store a new key and return it with its text, which cannot be had again.

    `granted` are machine names (`grants.ALL` for all of them), `valid_ips` in the form of sources.normal_form.
    Raises ValueError for a grant that does not exist: callers check what people type with `grants.unknown`.
    """
    wanted = set(granted)
    if wrong := grants.unknown(sorted(wanted)):
        raise ValueError(f"no such grants: {', '.join(wrong)}")
    key = keys.new_key()
    stored = ApiKey.objects.create(
        label=label,
        key_hash=keys.key_hash(key),
        short_key=keys.short_key(key),
        grants=[name for name in grants.BY_NAME if name in wanted],
        valid_ips=list(valid_ips),
        created_at=clock.now(),
        created_by=created_by,
    )
    return stored, key


def edit_key(key_id: int, label: str, granted: Iterable[str]) -> None:
    """Change the label and the grants of a key, which is all that ever changes; a revoked one stays as it is."""
    wanted = set(granted)
    ApiKey.objects.filter(pk=key_id, revoked_at=None).update(
        label=label, grants=[name for name in grants.BY_NAME if name in wanted]
    )


def revoke_key(key_id: int) -> bool:
    """Close a key for good, effective with the next request; False if it was closed already or never existed."""
    return bool(ApiKey.objects.filter(pk=key_id, revoked_at=None).update(revoked_at=clock.now()))


def find_key(authorization: str) -> ApiKey | None:
    """The key that an Authorization header presents, if it exists and has not been revoked.

    The comparison is a look-up by hash, so its time tells nothing about the keys there are.
    """
    key = keys.presented_key(authorization)
    if key is None:
        return None
    return ApiKey.objects.filter(key_hash=keys.key_hash(key), revoked_at=None).first()


def note_use(api_key: ApiKey) -> None:
    """Remember that the key was used, at most once a minute; a database in trouble is no reason to refuse."""
    now = clock.now()
    if api_key.last_used_at is not None and api_key.last_used_at > now - USE_NOTED_EVERY:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - USE_NOTED_EVERY)
    try:
        with transaction.atomic():
            ApiKey.objects.filter(stale, pk=api_key.pk).update(last_used_at=now)
    except DatabaseError:
        logger.warning("the last use of API key %s… could not be noted", api_key.short_key, exc_info=True)
