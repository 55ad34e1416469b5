"""A trial of routing rules keeps a mark of what it compared: only that can be made active."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0034_times_by_stretch_and_store")]

    operations = [
        migrations.AddField(
            model_name="routingsimulation",
            name="fingerprint",
            field=models.CharField(blank=True, db_default="", editable=False, max_length=64),
        ),
    ]
