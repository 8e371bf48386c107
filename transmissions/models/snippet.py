"""Snippets: pieces of template text that templates call by id (contract 95 §2)."""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class SnippetVersion(models.Model):
    """One version of a snippet; a change ends it and begins another.

    A transmission uses the versions of the moment at which its generation began, at every retry.
    """

    key = models.CharField("ID", max_length=64, db_collation="C")
    name = models.TextField(blank=True)
    content = models.JSONField()
    shared_with_subaccounts = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["key"], condition=Q(ends_at=None), name="one_current_snippet"),
        ]
        indexes: ClassVar = [models.Index(fields=["key", "begins_at"], name="snippet_by_time")]

    def __str__(self) -> str:
        return self.key
