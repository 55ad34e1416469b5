"""Test orders and real ones number apart. The new index is built while orders come in."""

from django.db import migrations, models

OLD = "order_once_per_channel"
NEW = "order_once_per_channel_and_kind"


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("orders", "0002_action_record")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AddConstraint(
                    model_name="order",
                    constraint=models.UniqueConstraint(
                        fields=["channel", "is_test", "external_id"], name=NEW
                    ),
                ),
                migrations.RemoveConstraint(model_name="order", name=OLD),
            ],
            database_operations=[
                migrations.RunSQL(
                    f"CREATE UNIQUE INDEX CONCURRENTLY {NEW} "
                    "ON orders_order (channel_id, is_test, external_id)",
                    f"DROP INDEX CONCURRENTLY IF EXISTS {NEW}",
                ),
                migrations.RunSQL(
                    f"ALTER TABLE orders_order ADD CONSTRAINT {NEW} UNIQUE USING INDEX {NEW}",
                    f"ALTER TABLE orders_order DROP CONSTRAINT {NEW}",
                ),
                # The version before counts on one order per number; of each kind it stays one,
                # and the new name holds the old one, by which that version knows the refusal.
                migrations.RunSQL(
                    [
                        "-- squawk-ignore ban-drop-constraint\n"
                        f"ALTER TABLE orders_order DROP CONSTRAINT {OLD}"
                    ],
                    f"ALTER TABLE orders_order ADD CONSTRAINT {OLD} "
                    "UNIQUE (channel_id, external_id)",
                ),
            ],
        ),
    ]
