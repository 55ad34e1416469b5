"""What a store prepared and rejected lately is found by time, however much lies behind it."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("orders", "0021_immutable_proof"),
        ("stores", "0004_pos_layout"),
    ]

    operations = [
        AddIndexConcurrently(
            model_name="fulfillmentorder",
            index=models.Index(fields=["store", "created_at"], name="fulfillment_of_store"),
        ),
        AddIndexConcurrently(
            model_name="fulfillmentorder",
            index=models.Index(
                condition=models.Q(("ready_at__isnull", False)),
                fields=["store", "ready_at"],
                name="fulfillment_prepared",
            ),
        ),
        AddIndexConcurrently(
            model_name="rejection",
            index=models.Index(fields=["rejected_at", "store"], name="rejection_lately"),
        ),
        RemoveIndexConcurrently(model_name="rejection", name="rejection_of_store"),
        # the index of the foreign key begins like the first one above
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="fulfillmentorder",
                    name="store",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="fulfillments",
                        to="stores.store",
                    ),
                ),
            ],
            database_operations=[
                migrations.RunSQL(
                    "DROP INDEX CONCURRENTLY IF EXISTS orders_fulfillmentorder_store_id_f88159b6",
                    "CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_fulfillmentorder_store_id_f88159b6 ON orders_fulfillmentorder (store_id)",
                ),
            ],
        ),
    ]
