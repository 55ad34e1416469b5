"""No index that another one covers, and none for LIKE: nobody asks so, and each costs a write."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('api', '0001_initial'),
        ('stores', '0004_pos_layout'),
    ]

    operations = [
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS api_idempotencyrecord_channel_id_386591c1",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS api_idempotencyrecord_channel_id_386591c1 ON api_idempotencyrecord (channel_id)",
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='idempotencyrecord',
                    name='channel',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='stores.saleschannel'),
                ),
            ]
        ),
    ]
