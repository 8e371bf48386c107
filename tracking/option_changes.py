"""Changing the msg_gen configuration: the options that differ from their defaults, and the record of who did it."""

from collections.abc import Mapping

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction

from tracking.models import Option, OptionChange
from tracking.option_rules import OPTIONS, Value, default


def in_force() -> dict[str, Value]:
    """The value of every option as of now."""
    stored = dict(Option.objects.filter(name__in=OPTIONS).values_list("name", "value"))
    return {name: stored.get(name, default(name, settings.TRACKING_HOST)) for name in OPTIONS}


def change_options(wanted: Mapping[str, Value], changed_by: User) -> list[OptionChange]:
    """Set options to values that option_rules.read gave; returns what changed, in the order of the options.

    An option set to its default is no longer stored, so that it follows the default from then on. All changes
    and their record are one transaction; they hold for the next generation.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            # One change at a time, so that each record says what was replaced; readers are not held up.
            cursor.execute(f"LOCK TABLE {Option._meta.db_table} IN SHARE ROW EXCLUSIVE MODE")
        before = in_force()
        changed = {name: wanted[name] for name in OPTIONS if name in wanted and wanted[name] != before[name]}
        for name, value in changed.items():
            _store(name, value)
        return OptionChange.objects.bulk_create(
            OptionChange(name=name, old_value=before[name], new_value=value, changed_by=changed_by)
            for name, value in changed.items()
        )


def _store(name: str, value: Value) -> None:
    if value == default(name, settings.TRACKING_HOST):
        Option.objects.filter(name=name).delete()
    else:
        Option.objects.update_or_create(name=name, defaults={"value": value})
