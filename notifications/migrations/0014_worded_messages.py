"""Finding the messages whose words are old enough to be dropped."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ("notifications", "0013_message_unworded"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state", "done"), ("words_seal", "")),
                fields=["finished_at"],
                name="message_worded",
            ),
        ),
    ]
