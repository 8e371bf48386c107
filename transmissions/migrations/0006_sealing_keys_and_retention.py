"""The key that seals a transmission, and what is left of one whose messages are not kept any longer."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("transmissions", "0005_pausing_and_counters"),
    ]

    operations = [
        migrations.AddField(
            model_name="transmission",
            name="forgotten_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="transmission",
            name="num_bounced",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="transmission",
            name="num_delivered",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="transmission",
            name="num_failed",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="transmission",
            name="num_generated",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="transmission",
            name="sealing_key",
            field=models.CharField(blank=True, db_default="", default="", max_length=4),
        ),
        migrations.AddIndex(
            model_name="chunk",
            index=models.Index(fields=["sent_at"], name="chunk_sent"),
        ),
        migrations.AddIndex(
            model_name="transmission",
            index=models.Index(
                condition=models.Q(("forgotten_at", None)), fields=["created_at"], name="transmission_unforgotten"
            ),
        ),
    ]
