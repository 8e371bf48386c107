"""Transmissions on their way: the request, its recipients in chunks, and one row per settled message.

The states and what moves them are drawn in docs/states.md.
"""

from typing import ClassVar

from django.db import models
from django.db.models import Q


class Transmission(models.Model):
    """One content, one set of recipients, options; what GET shows of it."""

    class State(models.TextChoices):
        """Spelling and case are the contract's (file 10 §12)."""

        SUBMITTED = "submitted"
        GENERATING = "Generating"
        SUCCESS = "Success"
        CANCELED = "Canceled"

    id = models.BigIntegerField(primary_key=True)
    state = models.CharField(max_length=16, choices=State.choices, default=State.SUBMITTED)
    campaign_id = models.CharField(max_length=64, blank=True)
    description = models.TextField(blank=True)
    # "" for inline and rfc822 content.
    template_id = models.CharField(max_length=64, blank=True)
    use_draft_template = models.BooleanField(default=False)
    # The stored list whose recipients are read when generation starts; "" for inline recipients.
    list_id = models.CharField(max_length=64, blank=True)
    # False until the recipients stand in chunks of this transmission.
    is_expanded = models.BooleanField(default=True)
    return_path = models.TextField(blank=True)
    options = models.TextField(default="{}")  # JSON, as they were set
    num_rcpts = models.IntegerField()
    num_invalid_recipients = models.IntegerField(default=0)
    # The Unix second in the message ids of this transmission (momentum.lib.ids.message_id).
    block_time = models.BigIntegerField()
    created_at = models.DateTimeField()
    start_at = models.DateTimeField()
    is_scheduled = models.BooleanField(default=False)
    # Held by an operator: its chunks are not due until it is resumed. The contract's states do not know it.
    is_paused = models.BooleanField(default=False, db_default=False)
    # Sent from the page of a template to see it arrive: it stays out of the statistics (values.Job).
    is_test = models.BooleanField("test", default=False, db_default=False)
    generation_started_at = models.DateTimeField(null=True)
    generation_ended_at = models.DateTimeField(null=True)
    # The id of the key that seals the links of all its messages, fixed when generation starts.
    sealing_key = models.CharField(max_length=4, blank=True, default="", db_default="")
    # Retention: when messages, chunks and snapshot were deleted, and what they had added up to.
    forgotten_at = models.DateTimeField(null=True)
    num_generated = models.IntegerField(default=0, db_default=0)
    num_failed = models.IntegerField(default=0, db_default=0)
    num_delivered = models.IntegerField(default=0, db_default=0)
    num_bounced = models.IntegerField(default=0, db_default=0)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-created_at"], name="transmission_newest"),
            models.Index(fields=["campaign_id", "-created_at"], name="transmission_campaign"),
            models.Index(fields=["template_id"], name="transmission_template", condition=~Q(template_id="")),
            models.Index(fields=["list_id"], name="transmission_list", condition=~Q(list_id="")),
            models.Index(fields=["start_at"], name="transmission_unexpanded", condition=Q(is_expanded=False)),
            models.Index(fields=["created_at"], name="transmission_unforgotten", condition=Q(forgotten_at=None)),
        ]

    def __str__(self) -> str:
        return self.description or self.campaign_id or str(self.id)


class Snapshot(models.Model):
    """What generation reads of a transmission, apart from its row because it may be 20 MB.

    `job` is a transmissions.values.Job as JSON text: key order and large integers are part of the contract.
    `configuration` is the msg_gen configuration that the first generation found, kept so that a retry renders
    the same message; NULL until then.
    """

    transmission = models.OneToOneField(Transmission, models.CASCADE, primary_key=True, related_name="snapshot")
    job = models.TextField()
    configuration = models.JSONField(null=True)

    def __str__(self) -> str:
        return f"snapshot of {self.transmission_id}"


class Chunk(models.Model):
    """Up to 500 recipients, stored, claimed and finished together."""

    transmission = models.ForeignKey(Transmission, models.CASCADE, related_name="chunks")
    position = models.IntegerField()
    size = models.IntegerField()
    first_number = models.BigIntegerField()
    recipients = models.BinaryField()  # zlib over a JSON array of transmissions.values.Recipient
    # One recipient, to be sent at once: served by workers of its own (contract 50 §1.1 gen_transactional_threads).
    is_single = models.BooleanField(default=False)
    due_at = models.DateTimeField()
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    # When generation of this chunk first began: the Date of its messages and the start of their links' life.
    sent_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    num_generated = models.IntegerField(default=0)
    num_failed = models.IntegerField(default=0)
    # Of those, the ones whose recipient was suppressed.
    num_rejected = models.IntegerField(default=0, db_default=0)
    # How the generated ones ended so far, so that nobody has to count a million messages; the rest is deferred.
    num_delivered = models.IntegerField(default=0, db_default=0)
    num_bounced = models.IntegerField(default=0, db_default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["transmission", "position"], name="chunk_position"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["is_single", "due_at", "id"], name="chunk_due", condition=Q(done_at=None)),
            models.Index(fields=["sent_at"], name="chunk_sent"),
        ]

    def __str__(self) -> str:
        return f"chunk {self.position} of {self.transmission_id}"


class Message(models.Model):
    """A message about which something is certain; before that the recipient lives in its chunk alone."""

    class State(models.TextChoices):
        DELIVERED = "delivered"
        DEFERRED = "deferred"
        BOUNCED = "bounced"
        FAILED = "failed"
        CANCELED = "canceled"
        REJECTED = "rejected"  # its recipient was suppressed

    number = models.BigIntegerField(primary_key=True)
    # Its index is the one over the state as well.
    transmission = models.ForeignKey(Transmission, models.CASCADE, related_name="messages", db_index=False)
    chunk = models.ForeignKey(Chunk, models.CASCADE, related_name="messages")
    state = models.CharField(max_length=10, choices=State.choices)
    attempts = models.IntegerField(default=0)
    injected_at = models.DateTimeField()
    next_attempt_at = models.DateTimeField(null=True)
    lease = models.UUIDField(null=True)
    leased_until = models.DateTimeField(null=True)
    last_reply = models.TextField(blank=True)
    settled_at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["next_attempt_at"], name="message_due", condition=Q(state="deferred")),
            models.Index(fields=["transmission", "state", "number"], name="message_of_state"),
        ]

    def __str__(self) -> str:
        return f"message {self.number}"


class Counter(models.Model):
    """The next free number of a kind; blocks are reserved by one UPDATE."""

    name = models.CharField(max_length=32, primary_key=True)
    next_value = models.BigIntegerField(default=1)

    def __str__(self) -> str:
        return f"{self.name}: {self.next_value}"
