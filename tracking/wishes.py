"""Who has asked for erasure or opted out: the requests that the API takes and that everybody here respects."""

import hashlib
import hmac
from collections.abc import Iterable
from functools import lru_cache

from django.conf import settings
from django.db.models import Q

from tracking.models import PrivacyRequest
from tracking.personal import Wish


def of(addresses: Iterable[str]) -> dict[str, Wish]:
    """The wishes of people by lower-case address; those without one are left out."""
    # Hashing the addresses of a batch takes longer than this question, and few installations have any request.
    if not PrivacyRequest.objects.exists():
        return {}
    digests = {digest(address): address for address in set(addresses)}
    if not digests:
        return {}
    found = PrivacyRequest.objects.filter(Q(address__in=list(digests.values())) | Q(digest__in=list(digests)))
    wishes: dict[str, Wish] = {}
    for kind, address, known_by, done_at in found.values_list("kind", "address", "digest", "done_at"):
        person = address or digests[known_by]
        old = wishes.get(person, Wish())
        if kind == PrivacyRequest.Kind.OPT_OUT:
            wishes[person] = Wish(True, old.erasing, old.erased_at)
        elif done_at is None:
            wishes[person] = Wish(old.opted_out, True, old.erased_at)
        else:
            latest = max(done_at, old.erased_at) if old.erased_at else done_at
            wishes[person] = Wish(old.opted_out, old.erasing, latest)
    return wishes


def digest(address: str) -> str:
    """What an erased person is recognised by: a keyed hash, of which the address cannot be read."""
    return hmac.new(_key(), address.lower().encode(), hashlib.sha256).hexdigest()


@lru_cache(maxsize=1)
def _key() -> bytes:
    return hashlib.sha256(f"privacy requests:{settings.SECRET_KEY}".encode()).digest()
