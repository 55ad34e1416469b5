"""No index that another one covers, and none for LIKE: nobody asks so, and each costs a write."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('events', '0003_breaker'),
    ]

    operations = [
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS events_delivery_fact_id_9849569b",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS events_delivery_fact_id_9849569b ON events_delivery (fact_id)",
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS events_fact_public_id_f2280067_like",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS events_fact_public_id_f2280067_like ON events_fact (public_id varchar_pattern_ops)",
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='delivery',
                    name='fact',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='events.fact'),
                ),
            ]
        ),
    ]
