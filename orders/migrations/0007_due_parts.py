"""Finding parts that nobody accepted, or nobody collected, in time."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0006_windows_substitutes_and_put_backs")]

    operations = [
        AddIndexConcurrently(
            model_name="fulfillmentorder",
            index=models.Index(condition=models.Q(('accept_by__isnull', False), ('status', 'proposed')), fields=['accept_by'], name='fulfillment_accept_due'),
        ),
        AddIndexConcurrently(
            model_name="fulfillmentorder",
            index=models.Index(condition=models.Q(('status', 'ready')), fields=['expires_at'], name='fulfillment_expiry'),
        ),
    ]
