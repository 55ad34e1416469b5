"""What was sent again with an edited payload."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integration", "0003_rights")]

    operations = [
        migrations.CreateModel(
            name="EditedReplay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("table", models.CharField(max_length=60)),
                ("row", models.BigIntegerField()),
                ("lane", models.CharField(max_length=60)),
                ("before", models.JSONField()),
                ("after", models.JSONField()),
                ("by", models.CharField(max_length=150)),
                ("why", models.CharField(max_length=200)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                "verbose_name_plural": "edited replays",
                "indexes": [models.Index(fields=["table", "row"], name="edited_replay_of")],
            },
        ),
    ]
