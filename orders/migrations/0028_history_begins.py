"""The history begins with what there is."""

from django.db import migrations

from hub.history import begin


def write(apps, schema_editor):
    """Each row as it stands."""
    begin(apps, "orders", "CurbSettings")
    begin(apps, "orders", "SlotCapacity")
    begin(apps, "orders", "RoutingRuleSet")
    begin(apps, "orders", "RoutingRule")


class Migration(migrations.Migration):
    dependencies = [("orders", "0027_history")]

    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
