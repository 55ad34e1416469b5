"""A parked call can be made with data that a person has edited."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("webhooks", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="webhookcall",
            name="edited",
            field=models.JSONField(help_text="sent instead of the event's own data", null=True),
        )
    ]
