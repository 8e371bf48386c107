from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Mail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))
            ],
            options={
                "verbose_name": "sandbox mail",
                "verbose_name_plural": "sandbox mail",
                "managed": False,
                "default_permissions": ("view", "delete"),
            },
        )
    ]
