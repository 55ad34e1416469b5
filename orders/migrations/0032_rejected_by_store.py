"""The parts that stores turned down are found without reading all the others."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0031_report_schedules")]

    operations = [
        AddIndexConcurrently(
            model_name="fulfillmentorder",
            index=models.Index(
                condition=models.Q(("status", "rejected")),
                fields=["store"],
                name="fulfillment_rejected",
            ),
        ),
    ]
