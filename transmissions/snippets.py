"""Finding the snippets that a moment knows."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Q

from transmissions.language import FindSnippet
from transmissions.models import SnippetVersion


def as_of(moment: datetime) -> FindSnippet:
    """What looks a snippet's parts up by id as they were at `moment`; None for one that did not exist then."""

    def find(key: str) -> Mapping[str, str | None] | None:
        in_force = Q(ends_at=None) | Q(ends_at__gt=moment)
        version = SnippetVersion.objects.filter(in_force, key=key, begins_at__lte=moment).first()
        return None if version is None else version.content

    return find
