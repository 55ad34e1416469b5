"""Finding messages whose template lacked a value."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("notifications", "0012_message_to_address")]

    operations = [
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                fields=["created_at"],
                condition=models.Q(outcome_reason="template_error"),
                name="message_unworded",
            ),
        ),
    ]
