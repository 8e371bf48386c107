from django.db import migrations, models

TABLES = """
-- Unsubscriptions by link that are put off until it shows whether a machine asked for them (tracking.holding).
CREATE TABLE tracking_held_event (
    LIKE tracking_event INCLUDING DEFAULTS,
    stored_at timestamptz NOT NULL,
    PRIMARY KEY (event_id)
);
CREATE INDEX tracking_held_event_message ON tracking_held_event (message);
-- Verdicts that are to replace those in the event log (tracking.revisions).
CREATE TABLE tracking_revision (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id uuid NOT NULL,
    happened_at timestamptz NOT NULL,
    told json NOT NULL,
    is_prefetched boolean NOT NULL,
    is_proxy boolean NOT NULL,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
-- Hits of one message around a time: without statistics, as in every new day's partition, the planner would
-- otherwise go through all hits of that time.
DROP INDEX tracking_event_message;
CREATE INDEX tracking_event_message ON tracking_event (message, happened_at);
"""
UNDONE = """
DROP TABLE tracking_held_event, tracking_revision;
DROP INDEX tracking_event_message;
CREATE INDEX tracking_event_message ON tracking_event (message);
"""


class Migration(migrations.Migration):
    dependencies = [("tracking", "0003_sent_with_in_the_event_log")]

    operations = [
        migrations.RunSQL(TABLES, UNDONE),
        migrations.CreateModel(
            name="SecondLook",
            fields=[
                ("id", models.SmallIntegerField(primary_key=True, serialize=False)),
                ("next_transaction", models.BigIntegerField(default=0)),
            ],
            options={"default_permissions": ()},
        ),
        migrations.CreateModel(
            name="Reclassification",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("start", models.DateTimeField()),
                ("end", models.DateTimeField()),
                ("position", models.DateTimeField()),
                ("rules", models.IntegerField()),
                ("judged", models.BigIntegerField(default=0)),
                ("changes", models.JSONField(default=dict)),
                ("is_finished", models.BooleanField(default=False)),
            ],
            options={"default_permissions": ()},
        ),
    ]
