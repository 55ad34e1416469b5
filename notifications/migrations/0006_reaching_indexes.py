"""Finding open calls, followers, receipts of a message, and the messages of a week."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("notifications", "0005_reaching"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="calltask",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", True)),
                fields=["store", "opened_at"],
                name="call_open",
            ),
        ),
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(fields=["created_at"], name="message_created"),
        ),
        AddIndexConcurrently(
            model_name="message",
            index=models.Index(
                condition=models.Q(("follows__isnull", False)),
                fields=["follows"],
                name="message_followers",
            ),
        ),
        AddIndexConcurrently(
            model_name="receipt",
            index=models.Index(fields=["message"], name="receipt_message"),
        ),
        AddIndexConcurrently(
            model_name="receipt",
            index=models.Index(
                condition=models.Q(("matched", False)),
                fields=["received_at"],
                name="receipt_unmatched",
            ),
        ),
    ]
