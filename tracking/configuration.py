"""The msg_gen configuration in force: defaults, overridden by what an admin has set."""

from django.conf import settings

from tracking.models import Option
from tracking.options import OPTION_NAMES, Configuration


def current() -> Configuration:
    """The configuration as of now, read from the database, so that a change holds for the next generation."""
    stored = dict(Option.objects.filter(name__in=OPTION_NAMES).values_list("name", "value"))
    return Configuration(**{"engagement_tracking_host": settings.TRACKING_HOST, **stored})
