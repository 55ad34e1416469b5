"""Two rules may change places in one go: their order needs no constraint."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("orders", "0016_pos_schedules")]

    operations = [
        migrations.RemoveConstraint(model_name="routingrule", name="routing_rule_place"),
        migrations.AlterModelOptions(
            name="routingrule", options={"ordering": ["rule_set", "position", "pk"]}
        ),
    ]
