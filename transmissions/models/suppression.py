"""The suppression list: who must not be written to, by kind of mail (contract 95 §1)."""

from typing import ClassVar

from django.db import models


class Suppression(models.Model):
    """One entry. `recipient` is a lower-case address; `list_id` a lower-case List-Id, "" for all mail of the type.

    Texts are compared byte by byte, so that an index finds addresses that begin with what somebody typed.
    """

    class Type(models.TextChoices):
        TRANSACTIONAL = "transactional", "Transactional"
        NON_TRANSACTIONAL = "non_transactional", "Non-transactional"

    class Source(models.TextChoices):
        """Spelling and case are the contract's."""

        SPAM_COMPLAINT = "Spam Complaint"
        LIST_UNSUBSCRIBE = "List Unsubscribe"
        BOUNCE_RULE = "Bounce Rule"
        UNSUBSCRIBE_LINK = "Unsubscribe Link"
        MANUALLY_ADDED = "Manually Added"
        COMPLIANCE = "Compliance"  # nobody changes or removes it, through the API or the admin

    recipient = models.CharField(max_length=320, db_collation="C")
    domain = models.CharField(max_length=255, db_collation="C")
    type = models.CharField(max_length=17, choices=Type.choices)
    list_id = models.CharField("list ID", max_length=255, blank=True, db_collation="C")
    source = models.CharField(max_length=16, choices=Source.choices)
    description = models.TextField(blank=True)
    created_at = models.DateTimeField("created")
    updated_at = models.DateTimeField("updated")

    class Meta:
        verbose_name = "suppression"
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["recipient", "type", "list_id"], name="one_suppression"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["updated_at", "id"], name="suppression_by_time"),
            models.Index(fields=["domain", "updated_at", "id"], name="suppression_by_domain"),
            models.Index(fields=["source", "updated_at", "id"], name="suppression_by_source"),
        ]

    def __str__(self) -> str:
        return self.recipient


class Follower(models.Model):
    """How far somebody has followed the event log: every transaction below `next_transaction` has been seen."""

    name = models.CharField(max_length=32, primary_key=True)
    next_transaction = models.BigIntegerField(default=0)
    moved_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.next_transaction}"
