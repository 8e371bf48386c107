"""What people ask for about their data, and how far old hits have been cleaned."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tracking", "0001_event_log_and_options"),
    ]

    operations = [
        migrations.CreateModel(
            name="Cleaned",
            fields=[
                ("name", models.CharField(max_length=32, primary_key=True, serialize=False)),
                ("until", models.DateField()),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="PrivacyRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("kind", models.CharField(choices=[("rtbf", "Erasure"), ("opt-out", "Opt-out")], max_length=8)),
                ("address", models.CharField(blank=True, max_length=254)),
                ("digest", models.CharField(blank=True, max_length=64)),
                ("include_subaccounts", models.BooleanField(default=False)),
                ("requested_at", models.DateTimeField()),
                ("requested_by", models.CharField(blank=True, max_length=255, verbose_name="requested by key")),
                (
                    "stage",
                    models.CharField(
                        choices=[
                            ("lists", "recipient lists"),
                            ("chunks", "recipients of transmissions"),
                            ("events", "events"),
                            ("done", "done"),
                        ],
                        default="lists",
                        max_length=8,
                    ),
                ),
                ("position", models.BigIntegerField(default=0)),
                ("done_at", models.DateTimeField(null=True)),
                ("list_entries", models.IntegerField(default=0)),
                ("messages", models.IntegerField(default=0)),
                ("events", models.IntegerField(default=0)),
            ],
            options={
                "verbose_name": "privacy request",
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("address", ""), _negated=True),
                        fields=["address"],
                        name="privacy_address",
                    ),
                    models.Index(
                        condition=models.Q(("digest", ""), _negated=True), fields=["digest"], name="privacy_digest"
                    ),
                    models.Index(
                        condition=models.Q(("done_at", None)), fields=["stage", "position"], name="privacy_open"
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("address", ""), _negated=True),
                        fields=("kind", "address"),
                        name="one_open_request",
                    )
                ],
            },
        ),
    ]
