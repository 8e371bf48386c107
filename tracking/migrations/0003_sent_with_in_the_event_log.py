"""The tracking settings of a copy as a column, so that rollups need not read them out of JSON."""

from django.db import migrations

# The bits are those of tracking.tokens. Text with NUL escapes is not readable as JSON fields; there is hardly any.
FORWARD = """
ALTER TABLE tracking_event ADD COLUMN sent_with smallint NOT NULL DEFAULT 0;
UPDATE tracking_event
SET sent_with = (data->>'open_tracking' IS NOT DISTINCT FROM 'true')::int
    + 2 * (data->>'click_tracking' IS NOT DISTINCT FROM 'true')::int
    + 4 * (data->>'initial_pixel' IS NOT DISTINCT FROM 'true')::int
    + 8 * (data->>'amp_enabled' IS NOT DISTINCT FROM 'true')::int
WHERE type = 'delivery' AND CASE WHEN strpos(data::text, '\\u0000') = 0 THEN data->>'open_tracking' IS NOT NULL END;
"""


class Migration(migrations.Migration):
    dependencies = [("tracking", "0002_privacy_requests")]

    operations = [migrations.RunSQL(FORWARD, "ALTER TABLE tracking_event DROP COLUMN sent_with")]
