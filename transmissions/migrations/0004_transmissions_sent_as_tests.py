"""Transmissions that are sent to see them arrive, and stay out of the statistics."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("transmissions", "0003_list_imports")]

    operations = [
        migrations.AddField(
            model_name="transmission",
            name="is_test",
            # The database knows the default too: processes of the version before go on inserting meanwhile.
            field=models.BooleanField(db_default=False, default=False, verbose_name="test"),
        ),
    ]
