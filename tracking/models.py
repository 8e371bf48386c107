"""What this app keeps besides the event log, whose table is made and read by tracking.log alone."""

from django.conf import settings
from django.db import models


class Option(models.Model):
    """One option of the msg_gen configuration that differs from its default."""

    name = models.CharField(max_length=64, primary_key=True)
    value = models.JSONField()

    def __str__(self) -> str:
        return f"{self.name} = {self.value}"


class OptionChange(models.Model):
    """Who changed which option when, from what to what. Rows are never changed."""

    name = models.CharField(max_length=64)
    old_value = models.JSONField(null=True)
    new_value = models.JSONField(null=True)
    changed_at = models.DateTimeField(auto_now_add=True, db_index=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL)

    def __str__(self) -> str:
        return f"{self.name}: {self.old_value} → {self.new_value}"


class SecondLook(models.Model):
    """How far the second look has followed the event log (one row; tracking.second_look)."""

    id = models.SmallIntegerField(primary_key=True)
    next_transaction = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"second look: {self.next_transaction}"


class Reclassification(models.Model):
    """One run of the rules over history: everything before `position` is done; `changes` counts "from → to"."""

    start = models.DateTimeField()
    end = models.DateTimeField()
    position = models.DateTimeField()
    rules = models.IntegerField()
    judged = models.BigIntegerField(default=0)
    changes = models.JSONField(default=dict)
    is_finished = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.start:%F} to {self.end:%F}, at {self.position:%F %T}"
