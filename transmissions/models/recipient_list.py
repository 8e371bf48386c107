"""Stored recipient lists, in the same chunks as the recipients of a transmission."""

from typing import ClassVar

from django.db import models


class RecipientList(models.Model):
    """A list as a whole; `key` is the id that callers chose, `size` the number of its recipients."""

    key = models.CharField("ID", max_length=64, unique=True, db_collation="C")
    name = models.CharField(max_length=64)
    description = models.TextField(blank=True)
    attributes = models.TextField(default="{}")  # JSON, opaque to us: key order is kept
    size = models.IntegerField("recipients", default=0)
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name = "recipient list"

    def __str__(self) -> str:
        return self.name


class ListChunk(models.Model):
    """Recipients of a list, copied as they are into a transmission that uses it."""

    recipient_list = models.ForeignKey(RecipientList, models.CASCADE, related_name="chunks")
    position = models.IntegerField()
    size = models.IntegerField()
    recipients = models.BinaryField()  # as transmissions.chunks packs them

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["recipient_list", "position"], name="list_chunk_position"),
        ]

    def __str__(self) -> str:
        return f"chunk {self.position} of {self.recipient_list_id}"
