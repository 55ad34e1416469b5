"""Receipts from before they named their message get it, as long as it can be found."""

from django.db import migrations

FILL = """
UPDATE notifications_receipt AS receipt SET message_id = message.id
FROM notifications_message AS message
WHERE receipt.matched AND receipt.message_id IS NULL
  AND (message.public_id = receipt.reference OR message.provider_reference = receipt.reference)
  AND message.lane IN ('sms:' || receipt.provider, receipt.provider)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0014_worded_messages'),
    ]

    operations = [
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
