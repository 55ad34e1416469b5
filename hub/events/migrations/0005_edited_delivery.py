"""A parked delivery can be carried out with data that a person has edited."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("events", "0004_lean_indexes")]

    operations = [
        migrations.AddField(
            model_name="delivery",
            name="edited",
            field=models.JSONField(help_text="carried out instead of the fact's own data", null=True),
        )
    ]
