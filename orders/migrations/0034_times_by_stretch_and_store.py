"""Lengths of time of a group of stores are read without those of all others."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0033_bulk_runs_and_sandboxes")]

    operations = [
        AddIndexConcurrently(
            model_name="daytimes",
            index=models.Index(
                fields=["stretch", "store", "day"],
                include=("count", "seconds"),
                name="day_times_read",
            ),
        ),
        AddIndexConcurrently(
            model_name="daytimes",
            index=models.Index(fields=["day"], name="day_times_day"),
        ),
        RemoveIndexConcurrently(model_name="daytimes", name="day_times_stretch"),
    ]
