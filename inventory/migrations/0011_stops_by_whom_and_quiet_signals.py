"""Who stopped an item, and what a site is not told because it was so before its rule."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("inventory", "0010_lean_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="salesstop",
            name="created_by",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=150),
        ),
        migrations.AddField(
            model_name="signalrule",
            name="quiet_position",
            field=models.BigIntegerField(db_default=0, default=0, editable=False),
        ),
    ]
