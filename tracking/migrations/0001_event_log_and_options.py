import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

EVENT_LOG = """
CREATE TABLE tracking_event (
    event_id uuid NOT NULL,
    type text NOT NULL,
    happened_at timestamptz NOT NULL,
    message bigint NOT NULL,
    rcpt_to text NOT NULL,
    transmission bigint,
    campaign_id text NOT NULL DEFAULT '',
    template_id text NOT NULL DEFAULT '',
    recipient_domain text NOT NULL DEFAULT '',
    sending_domain text NOT NULL DEFAULT '',
    sending_ip text NOT NULL DEFAULT '',
    ip_pool text NOT NULL DEFAULT '',
    mailbox_provider text NOT NULL DEFAULT '',
    mailbox_provider_region text NOT NULL DEFAULT '',
    subject_campaign text NOT NULL DEFAULT '',
    link_label text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    bounce_class smallint,
    num_retries integer NOT NULL DEFAULT 0,
    msg_size bigint NOT NULL DEFAULT 0,
    queue_time bigint NOT NULL DEFAULT 0,
    is_prefetched boolean NOT NULL DEFAULT false,
    traffic text NOT NULL DEFAULT '',
    data json NOT NULL DEFAULT '{}',
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (happened_at, event_id)
) PARTITION BY RANGE (happened_at);
CREATE INDEX tracking_event_xid ON tracking_event (xid);
CREATE INDEX tracking_event_message ON tracking_event (message);
CREATE INDEX tracking_event_rcpt_to ON tracking_event (rcpt_to, happened_at);
-- Never needed while partitions are made ahead of time; a row in it raises an alarm, not an error.
CREATE TABLE tracking_event_default PARTITION OF tracking_event DEFAULT;
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.RunSQL(EVENT_LOG, "DROP TABLE tracking_event"),
        migrations.CreateModel(
            name="Option",
            fields=[
                ("name", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("value", models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name="OptionChange",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                ("name", models.CharField(max_length=64)),
                ("old_value", models.JSONField(null=True)),
                ("new_value", models.JSONField(null=True)),
                ("changed_at", models.DateTimeField(auto_now_add=True, db_index=True)),
                (
                    "changed_by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
    ]
