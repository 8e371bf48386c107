"""What this app keeps: API keys. People are Django's users, roles its groups."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.keys import SHORT_KEY_LENGTH

LABEL_LENGTH = 255


class ApiKey(models.Model):
    """A key of the REST API. The key itself is not stored, only its hash.

    `grants` are machine names as given, without what they imply; `valid_ips` are addresses and networks,
    none of them means any. A revoked key stays here for the record and opens nothing.
    """

    label = models.CharField(max_length=LABEL_LENGTH)
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    short_key = models.CharField(max_length=SHORT_KEY_LENGTH, editable=False)
    grants = ArrayField(models.CharField(max_length=64), default=list)
    valid_ips = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    created_at = models.DateTimeField(editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    # The key itself, for as long as the request that makes it lasts.
    text = ""

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return f"{self.label} ({self.short_key}…)"
