"""No index that another one covers, and none for LIKE: nobody asks so, and each costs a write."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ('inventory', '0019_ledger_without_foreign_keys'),
        ('orders', '0017_rules_may_change_places'),
        ('stores', '0004_pos_layout'),
    ]

    operations = [
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS orders_fulfillmentline_fulfillment_id_4b20ec85",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_fulfillmentline_fulfillment_id_4b20ec85 ON orders_fulfillmentline (fulfillment_id)",
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS orders_fulfillmentline_stands_for_id_aa582051",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_fulfillmentline_stands_for_id_aa582051 ON orders_fulfillmentline (stands_for_id)",
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS orders_fulfillmentorder_public_id_d0698ea4_like",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_fulfillmentorder_public_id_d0698ea4_like ON orders_fulfillmentorder (public_id varchar_pattern_ops)",
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS orders_order_channel_id_a76729a3",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_order_channel_id_a76729a3 ON orders_order (channel_id)",
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS orders_order_public_id_477d735f_like",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_order_public_id_477d735f_like ON orders_order (public_id varchar_pattern_ops)",
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS orders_orderline_order_id_17f8f3ef",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_orderline_order_id_17f8f3ef ON orders_orderline (order_id)",
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS orders_routingdecision_store_id_a43add04",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_routingdecision_store_id_a43add04 ON orders_routingdecision (store_id)",
        ),
        AddIndexConcurrently(
            model_name='fulfillmentline',
            index=models.Index(condition=models.Q(('stands_for__isnull', False)), fields=['stands_for'], name='fulfillment_line_substitute'),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='fulfillmentline',
                    name='fulfillment',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='orders.fulfillmentorder'),
                ),
                migrations.AlterField(
                    model_name='fulfillmentline',
                    name='stands_for',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='substitutes', to='orders.fulfillmentline'),
                ),
                migrations.AlterField(
                    model_name='order',
                    name='channel',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='orders', to='stores.saleschannel'),
                ),
                migrations.AlterField(
                    model_name='orderline',
                    name='order',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='orders.order'),
                ),
                migrations.AlterField(
                    model_name='routingdecision',
                    name='store',
                    field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store'),
                ),
            ]
        ),
    ]
