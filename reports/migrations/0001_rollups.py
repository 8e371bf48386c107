from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations, models

_FACT = ("type", "bounce_class", "retries", "prefetched", "machine", "detail")
_BY_TIME = ("bucket", "dimensions", *_FACT)
_BY_DIMENSIONS = ("dimensions", "bucket", *_FACT)


def _rollup(name: str, key: tuple[str, ...]) -> migrations.CreateModel:
    return migrations.CreateModel(
        name=name,
        fields=[
            ("bucket", models.DateTimeField()),
            ("dimensions", models.IntegerField()),
            ("type", models.TextField()),
            ("bounce_class", models.SmallIntegerField(default=0)),
            ("retries", models.SmallIntegerField(default=0)),
            ("prefetched", models.BooleanField(default=False)),
            ("machine", models.BooleanField(default=False)),
            ("detail", models.IntegerField(default=0)),
            ("count", models.BigIntegerField()),
            ("msg_size", models.BigIntegerField()),
            ("queue_time", models.BigIntegerField()),
            ("messages", models.BinaryField(null=True)),
            (
                "pk",
                models.CompositePrimaryKey(*key, blank=True, editable=False, primary_key=True, serialize=False),
            ),
        ],
        options={"abstract": False},
    )


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Report",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
            ],
            options={
                "permissions": [("view_reports", "Can view reports")],
                "managed": False,
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Dimensions",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("digest", models.UUIDField(unique=True)),
                ("campaign_id", models.TextField(default="")),
                ("template_id", models.TextField(default="")),
                ("sending_domain", models.TextField(default="")),
                ("recipient_domain", models.TextField(default="")),
                ("sending_ip", models.TextField(default="")),
                ("ip_pool", models.TextField(default="")),
                ("mailbox_provider", models.TextField(default="")),
                ("mailbox_provider_region", models.TextField(default="")),
            ],
        ),
        migrations.CreateModel(
            name="Detail",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("digest", models.UUIDField(unique=True)),
                ("text", models.TextField()),
                ("unnamed", models.BooleanField(default=False)),
            ],
        ),
        _rollup("FullRollup", _BY_DIMENSIONS),
        _rollup("CampaignRollup", _BY_TIME),
        _rollup("FullDay", _BY_DIMENSIONS),
        _rollup("CampaignDay", _BY_TIME),
        migrations.AddIndex(
            model_name="fullrollup",
            index=BrinIndex(fields=["bucket"], name="reports_full_bucket", autosummarize=True),
        ),
        migrations.AddIndex(
            model_name="fullday",
            index=BrinIndex(fields=["bucket"], name="reports_full_day", autosummarize=True),
        ),
        migrations.CreateModel(
            name="Day",
            fields=[
                ("start", models.DateTimeField(primary_key=True, serialize=False)),
                ("version", models.BigIntegerField(default=0)),
                ("condensed", models.BooleanField(default=False)),
                ("changed_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Progress",
            fields=[
                ("name", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("next_transaction", models.BigIntegerField(default=0)),
                ("revision", models.BigIntegerField(default=0)),
                ("caught_up_at", models.DateTimeField(null=True)),
            ],
        ),
        # Bitmaps are compressed already: pglz would only cost time.
        migrations.RunSQL(
            "ALTER TABLE reports_fullrollup ALTER COLUMN messages SET STORAGE EXTERNAL;"
            "ALTER TABLE reports_campaignrollup ALTER COLUMN messages SET STORAGE EXTERNAL;"
            "ALTER TABLE reports_fullday ALTER COLUMN messages SET STORAGE EXTERNAL;"
            "ALTER TABLE reports_campaignday ALTER COLUMN messages SET STORAGE EXTERNAL",
            migrations.RunSQL.noop,
        ),
    ]
