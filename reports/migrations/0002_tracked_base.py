"""Rollups tell how many delivered messages were tracked; those of earlier days once `rebuild_rollups` has run."""

from django.db import migrations, models

_FACT = ("type", "bounce_class", "retries", "prefetched", "tracked", "machine", "detail")
_BY_TIME = ("bucket", "dimensions", *_FACT)
_BY_DIMENSIONS = ("dimensions", "bucket", *_FACT)


def _with_tracked(name: str, key: tuple[str, ...]) -> migrations.SeparateDatabaseAndState:
    table = f"reports_{name}"
    return migrations.SeparateDatabaseAndState(
        database_operations=[
            migrations.RunSQL(
                f"ALTER TABLE {table} ADD COLUMN tracked smallint NOT NULL DEFAULT 0,"
                f" DROP CONSTRAINT {table}_pkey, ADD PRIMARY KEY ({', '.join(key)})",
                # Rows that differ in nothing else cannot stand beside each other any more: make them again.
                f"TRUNCATE {table}; ALTER TABLE {table} DROP COLUMN tracked,"
                f" ADD PRIMARY KEY ({', '.join(column for column in key if column != 'tracked')})",
            )
        ],
        state_operations=[
            migrations.AddField(name, "tracked", models.SmallIntegerField(default=0, db_default=0)),
            migrations.AlterField(
                name,
                "pk",
                models.CompositePrimaryKey(*key, blank=True, editable=False, primary_key=True, serialize=False),
            ),
        ],
    )


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_rollups")]

    operations = [
        _with_tracked("fullrollup", _BY_DIMENSIONS),
        _with_tracked("campaignrollup", _BY_TIME),
        _with_tracked("fullday", _BY_DIMENSIONS),
        _with_tracked("campaignday", _BY_TIME),
    ]
