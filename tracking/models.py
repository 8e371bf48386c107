"""What this app keeps besides the event log, whose table is made and read by tracking.log alone."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q


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

    class Meta:
        default_permissions = ()

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

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.start:%F} to {self.end:%F}, at {self.position:%F %T}"


class PrivacyRequest(models.Model):
    """What one person has asked for (contract 95 §7): to be erased, or to be left alone by places and agents.

    An erasure goes through its stages, resuming at `position` (the last list or chunk that is finished with). Once
    it is done the address is gone, and `digest` (tracking.wishes) recognises the person's later hits.
    """

    class Kind(models.TextChoices):
        ERASURE = "rtbf", "Erasure"
        OPT_OUT = "opt-out", "Opt-out"

    class Stage(models.TextChoices):
        LISTS = "lists", "recipient lists"
        CHUNKS = "chunks", "recipients of transmissions"
        EVENTS = "events", "events"
        DONE = "done", "done"

    kind = models.CharField(max_length=8, choices=Kind.choices)
    address = models.CharField(max_length=254, blank=True)  # lower case
    digest = models.CharField(max_length=64, blank=True)
    include_subaccounts = models.BooleanField(default=False)
    requested_at = models.DateTimeField()
    requested_by = models.CharField("requested by key", max_length=255, blank=True)
    stage = models.CharField(max_length=8, choices=Stage.choices, default=Stage.LISTS)
    position = models.BigIntegerField(default=0)
    done_at = models.DateTimeField(null=True)
    # What was found, for the record.
    list_entries = models.IntegerField(default=0)
    messages = models.IntegerField(default=0)
    events = models.IntegerField(default=0)

    class Meta:
        verbose_name = "privacy request"
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "address"], name="one_open_request", condition=~Q(address="")),
        ]
        indexes: ClassVar = [
            models.Index(fields=["address"], name="privacy_address", condition=~Q(address="")),
            models.Index(fields=["digest"], name="privacy_digest", condition=~Q(digest="")),
            models.Index(fields=["stage", "position"], name="privacy_open", condition=Q(done_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.requested_at:%F}"


class Cleaned(models.Model):
    """How far a cleaning of the event log has come: every day before `until` is clean."""

    name = models.CharField(max_length=32, primary_key=True)
    until = models.DateField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.name}: {self.until}"
