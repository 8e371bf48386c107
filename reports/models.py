"""What rollups are made of: derived from the event log, and made again from it at any time (reports.rollups)."""

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from reports.dimensions import DIMENSIONS


class Dimensions(models.Model):
    """One set of dimension values; "" where the mail has none. `digest` is unique over all of them."""

    id = models.AutoField(primary_key=True)
    digest = models.UUIDField(unique=True)
    campaign_id = models.TextField(default="")
    template_id = models.TextField(default="")
    sending_domain = models.TextField(default="")
    recipient_domain = models.TextField(default="")
    sending_ip = models.TextField(default="")
    ip_pool = models.TextField(default="")
    mailbox_provider = models.TextField(default="")
    mailbox_provider_region = models.TextField(default="")

    def __str__(self) -> str:
        return ", ".join(f"{name}={value}" for name in DIMENSIONS if (value := getattr(self, name)))


class Detail(models.Model):
    """The link of a click, by its label, or the reason of a refusal; 0 stands for none in rollups."""

    id = models.AutoField(primary_key=True)
    digest = models.UUIDField(unique=True)
    text = models.TextField()
    unnamed = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.text


class Rollup(models.Model):
    """The events of one quarter hour (or day) and one dimension set that differ in nothing a metric asks about.

    `messages` is a serialized Roaring bitmap (64 bit) of message numbers, for opens and clicks only.
    `machine` marks hits that no person made (prefetch, scanner); `tracked` says what delivered copies were sent
    with (reports.metrics.Fact).
    """

    bucket = models.DateTimeField()
    dimensions = models.IntegerField()
    type = models.TextField()
    bounce_class = models.SmallIntegerField(default=0)
    retries = models.SmallIntegerField(default=0)
    prefetched = models.BooleanField(default=False)
    tracked = models.SmallIntegerField(default=0, db_default=0)
    machine = models.BooleanField(default=False)
    detail = models.IntegerField(default=0)
    count = models.BigIntegerField()
    msg_size = models.BigIntegerField()
    queue_time = models.BigIntegerField()
    messages = models.BinaryField(null=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.bucket:%F %R} {self.type}: {self.count}"


_FACT = ("type", "bounce_class", "retries", "prefetched", "tracked", "machine", "detail")


class FullRollup(Rollup):
    """Every dimension kept: for questions that name a recipient domain, an address or a provider."""

    # Such questions pick few of very many dimension sets.
    pk = models.CompositePrimaryKey("dimensions", "bucket", *_FACT)

    class Meta:
        indexes = [BrinIndex(fields=["bucket"], name="reports_full_bucket", autosummarize=True)]


class CampaignRollup(Rollup):
    """Campaign, template and sending domain only: few rows whatever the number of recipient domains."""

    pk = models.CompositePrimaryKey("bucket", "dimensions", *_FACT)


class FullDay(Rollup):
    """FullRollup, condensed to whole days in UTC."""

    pk = models.CompositePrimaryKey("dimensions", "bucket", *_FACT)

    class Meta:
        indexes = [BrinIndex(fields=["bucket"], name="reports_full_day", autosummarize=True)]


class CampaignDay(Rollup):
    """CampaignRollup, condensed to whole days in UTC."""

    pk = models.CompositePrimaryKey("bucket", "dimensions", *_FACT)


class Day(models.Model):
    """One day in UTC that has rollups; `condensed` while its day rows hold all of them.

    `version` grows with every event that lands in the day and every time it is condensed.
    """

    start = models.DateTimeField(primary_key=True)
    version = models.BigIntegerField(default=0)
    condensed = models.BooleanField(default=False)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.start:%F}"


class Progress(models.Model):
    """How far rollups have followed the event log: every transaction below `next_transaction` is in them.

    `revision` grows whenever a figure may have changed.
    """

    name = models.CharField(max_length=32, primary_key=True)
    next_transaction = models.BigIntegerField(default=0)
    revision = models.BigIntegerField(default=0)
    caught_up_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.name}: {self.next_transaction}"


class Report(models.Model):
    """No table: what the permission to see reports hangs on."""

    class Meta:
        managed = False
        default_permissions = ()
        permissions = [("view_reports", "Can view reports")]

    def __str__(self) -> str:
        return "report"
