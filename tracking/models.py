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
