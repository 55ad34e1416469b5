"""The visits of a store's day are found by their arrival."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0029_reports")]

    operations = [
        AddIndexConcurrently(
            model_name="visit",
            index=models.Index(
                condition=models.Q(("arrived_at__isnull", False)),
                fields=["store", "arrived_at"],
                name="visit_arrived",
            ),
        ),
    ]
