"""Counters in no index, and no index that another one covers: stock rows change in place.

Nothing here blocks readers or writers for longer than a moment.
"""

import django.db.models.deletion
from django.db import migrations, models

COVERED = [
    ("inventory_allocation", "item_id", "28f28d72"),
    ("inventory_allocation", "store_id", "6130f559"),
    ("inventory_holdline", "hold_id", "c2f5714e"),
    ("inventory_inventoryevent", "item_id", "c3017e47"),
    ("inventory_inventoryevent", "store_id", "82dc0e45"),
    ("inventory_stocklevel", "store_id", "83371332"),
]


def drop(table, column, digest):
    name = f"{table}_{column}_{digest}"
    return migrations.RunSQL(
        f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
        f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table} ({column})",
    )


class Migration(migrations.Migration):
    atomic = False

    dependencies = [
        ("inventory", "0009_stopped_levels"),
        ("stores", "0002_pos_previous_secret"),
    ]

    operations = [
        migrations.RunSQL("SET statement_timeout = 0", "RESET statement_timeout"),
        migrations.RunSQL(
            "ALTER TABLE inventory_stocklevel SET (fillfactor = 85)",
            "ALTER TABLE inventory_stocklevel RESET (fillfactor)",
        ),
        *(drop(*index) for index in COVERED),
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS stock_once_lean", ""),
        migrations.RunSQL(
            "CREATE UNIQUE INDEX CONCURRENTLY stock_once_lean "
            "ON inventory_stocklevel (store_id, item_id)",
            "DROP INDEX CONCURRENTLY IF EXISTS stock_once_lean",
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY stock_once",
            "CREATE UNIQUE INDEX CONCURRENTLY stock_once ON inventory_stocklevel "
            "(store_id, item_id) INCLUDE (on_hand, unavailable, allocated, held)",
        ),
        migrations.RunSQL(
            "ALTER TABLE inventory_stocklevel "
            "ADD CONSTRAINT stock_once UNIQUE USING INDEX stock_once_lean",
            "ALTER TABLE inventory_stocklevel DROP CONSTRAINT stock_once",
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint(
                    model_name='stocklevel',
                    name='stock_once',
                ),
                migrations.AlterField(
                    model_name='allocation',
                    name='item',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.item'),
                ),
                migrations.AlterField(
                    model_name='allocation',
                    name='store',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store'),
                ),
                migrations.AlterField(
                    model_name='holdline',
                    name='hold',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='inventory.hold'),
                ),
                migrations.AlterField(
                    model_name='inventoryevent',
                    name='item',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.item'),
                ),
                migrations.AlterField(
                    model_name='inventoryevent',
                    name='store',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store'),
                ),
                migrations.AlterField(
                    model_name='stocklevel',
                    name='store',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='stock', to='stores.store'),
                ),
                migrations.AddConstraint(
                    model_name='stocklevel',
                    constraint=models.UniqueConstraint(fields=('store', 'item'), name='stock_once'),
                ),
            ]
        ),
        migrations.RunSQL("RESET statement_timeout", "SET statement_timeout = 0"),
    ]
