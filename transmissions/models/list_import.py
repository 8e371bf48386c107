"""Imports of CSV files into recipient lists: where they are, what they have read, what they refused."""

from typing import ClassVar

from django.db import models


class ListImport(models.Model):
    """One uploaded file on its way into a list (docs/recipient-lists.md).

    `position` (bytes) and `line` say how far it has been read; everything before them is in `chunks`, and nothing
    of it is in the list before the whole file has been read. `columns` is JSON of transmissions.csv_import.columns.
    """

    class State(models.TextChoices):
        UPLOADED = "uploaded"
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED)
    file = models.CharField(max_length=64)  # in the folder of transmissions.uploads
    file_name = models.CharField(max_length=255)  # as its sender called it
    file_size = models.BigIntegerField()
    delimiter = models.CharField(max_length=1)
    columns = models.TextField(default="[]")
    is_new = models.BooleanField()  # makes a new list; else takes the place of what the list held
    key = models.CharField(max_length=64, blank=True, db_collation="C")
    name = models.CharField(max_length=64, blank=True)
    description = models.TextField(blank=True)
    position = models.BigIntegerField()
    line = models.IntegerField()
    accepted = models.IntegerField(default=0)
    rejected = models.IntegerField(default=0)
    num_chunks = models.IntegerField(default=0)
    attempts = models.IntegerField(default=0)  # claims since the last progress
    reason = models.TextField(blank=True)  # why it failed
    user_name = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField()
    progressed_at = models.DateTimeField()
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()  # whoever may see and change lists may see and make imports
        indexes: ClassVar = [models.Index(fields=["-created_at"], name="list_import_newest")]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_moving(self) -> bool:
        """Whether its numbers may still change by themselves."""
        return self.state in (self.State.WAITING, self.State.RUNNING)

    @property
    def percent(self) -> int:
        """How much of the file has been read."""
        return min(100, self.position * 100 // self.file_size) if self.file_size else 0


class ImportChunk(models.Model):
    """Recipients read so far, as transmissions.chunks packs them; they move to the list in one step."""

    list_import = models.ForeignKey(ListImport, models.CASCADE, related_name="chunks")
    position = models.IntegerField()
    size = models.IntegerField()
    recipients = models.BinaryField()

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["list_import", "position"], name="import_chunk_position"),
        ]

    def __str__(self) -> str:
        return f"chunk {self.position} of import {self.list_import_id}"


class ImportFault(models.Model):
    """A row that was refused: where it begins, the cell that is to blame (cut), and why."""

    list_import = models.ForeignKey(ListImport, models.CASCADE, related_name="faults")
    line = models.IntegerField()
    value = models.TextField(blank=True)
    reason = models.TextField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"
