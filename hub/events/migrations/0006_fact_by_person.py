"""What one person did is found without reading all facts."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("events", "0005_edited_delivery")]

    operations = [
        AddIndexConcurrently(
            "fact",
            models.Index(
                fields=["actor", "public_id"],
                condition=models.Q(actor__startswith="staff:"),
                name="fact_by_person",
            ),
        ),
    ]
