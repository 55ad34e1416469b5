"""Words that were taken back tell who did it, when and why."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("notifications", "0019_days_schedule")]

    operations = [
        migrations.AddField(
            model_name="templateversion",
            name="withdrawn_by",
            field=models.CharField(blank=True, db_default="", editable=False, max_length=150),
        ),
        migrations.AddField(
            model_name="templateversion",
            name="withdrawn_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name="templateversion",
            name="withdrawn_why",
            field=models.CharField(blank=True, db_default="", max_length=200),
        ),
    ]
