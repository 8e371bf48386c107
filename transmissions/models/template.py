"""Stored templates: a template has a draft, a published version, or both (contract 20 §3)."""

from typing import ClassVar

from django.db import models


class Template(models.Model):
    """What belongs to a template whatever its version; `key` is the id that callers chose."""

    # C: ids are compared byte by byte, and differ in case (contract 00 §1).
    key = models.CharField("ID", max_length=64, unique=True, db_collation="C")
    shared_with_subaccounts = models.BooleanField(default=False)
    # Grows with every change of either version; events carry the number that a message was made from.
    last_version = models.IntegerField(default=0)
    last_use = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.key


class TemplateVersion(models.Model):
    """Name, options and content of the draft or of the published version."""

    template = models.ForeignKey(Template, models.CASCADE, related_name="versions")
    is_draft = models.BooleanField()
    number = models.IntegerField()
    name = models.TextField()
    description = models.TextField(blank=True)
    options = models.JSONField(default=dict)
    content = models.TextField()  # JSON, exactly as it was given
    updated_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["template", "is_draft"], name="one_draft_one_published"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({'draft' if self.is_draft else 'published'})"
