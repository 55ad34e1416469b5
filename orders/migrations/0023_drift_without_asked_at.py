"""Nobody writes when a repair was asked for: it settles the drift at once.

The empty column stays until no running version reads it.
"""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0022_lately_by_store")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField(model_name="posdrift", name="asked_at")],
        ),
    ]
