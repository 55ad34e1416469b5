"""The ledger's stores and items are those of levels that are locked while a line is written."""

import django.db.models.deletion
from django.db import migrations, models

TABLE = "inventory_inventoryevent"
KEYS = [
    ("item_id", "inventory_inventoryevent_item_id_c3017e47_fk_inventory_item_id", "inventory_item"),
    ("store_id", "inventory_inventoryevent_store_id_82dc0e45_fk_stores_store_id", "stores_store"),
]


def drop(column, name, target):
    """No process of any version relies on it: what a line names is locked, and never deleted."""
    return migrations.RunSQL(
        [f"-- squawk-ignore ban-drop-constraint\nALTER TABLE {TABLE} DROP CONSTRAINT {name}"],
        f"ALTER TABLE {TABLE} ADD CONSTRAINT {name} FOREIGN KEY ({column}) "
        f"REFERENCES {target} (id) DEFERRABLE INITIALLY DEFERRED",
    )


class Migration(migrations.Migration):

    dependencies = [
        ("inventory", "0018_shelf_places"),
        ("stores", "0003_store_slots_groups_and_switches"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name="inventoryevent",
                    name="item",
                    field=models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.item",
                    ),
                ),
                migrations.AlterField(
                    model_name="inventoryevent",
                    name="store",
                    field=models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stores.store",
                    ),
                ),
            ],
            database_operations=[drop(*key) for key in KEYS],
        ),
    ]
