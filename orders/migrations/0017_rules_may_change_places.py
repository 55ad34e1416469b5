"""Two rules may change places in one go: their order needs no constraint."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0016_pos_schedules")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveConstraint(model_name="routingrule", name="routing_rule_place")
            ],
            database_operations=[
                migrations.RunSQL(
                    "-- squawk-ignore ban-drop-constraint\n"
                    "ALTER TABLE orders_routingrule DROP CONSTRAINT routing_rule_place",
                    "ALTER TABLE orders_routingrule "
                    "ADD CONSTRAINT routing_rule_place UNIQUE (rule_set_id, position)",
                )
            ],
        ),
        migrations.AlterModelOptions(
            name="routingrule", options={"ordering": ["rule_set", "position", "pk"]}
        ),
    ]
