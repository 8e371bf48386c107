"""Pausing, and how the messages of a chunk ended.

The database knows the defaults too: processes of the version before go on inserting meanwhile.
"""

import django.db.models.deletion
from django.db import migrations, models

_COUNT_ENDS = """
UPDATE transmissions_chunk c SET num_delivered = m.delivered, num_bounced = m.bounced FROM (
    SELECT chunk_id, count(*) FILTER (WHERE state = 'delivered') AS delivered,
           count(*) FILTER (WHERE state = 'bounced') AS bounced
    FROM transmissions_message GROUP BY chunk_id) m
WHERE m.chunk_id = c.id
"""


class Migration(migrations.Migration):
    dependencies = [
        ("transmissions", "0004_transmissions_sent_as_tests"),
    ]

    operations = [
        migrations.AddField(
            model_name="chunk",
            name="num_bounced",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="chunk",
            name="num_delivered",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="transmission",
            name="is_paused",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name="message",
            name="transmission",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="messages",
                to="transmissions.transmission",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(fields=["transmission", "state", "number"], name="message_of_state"),
        ),
        migrations.RunSQL(_COUNT_ENDS, migrations.RunSQL.noop),
    ]
