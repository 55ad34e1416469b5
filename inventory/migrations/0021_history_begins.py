"""The history begins with what there is."""

from django.db import migrations

from hub.history import begin


def write(apps, schema_editor):
    """Each row as it stands."""
    begin(apps, "inventory", "SafetyStock")
    begin(apps, "inventory", "ChannelBuffer")
    begin(apps, "inventory", "StoreFeed")
    begin(apps, "inventory", "SignalRule")
    begin(apps, "inventory", "SalesStop", where="reason IN ('not_for_pickup', 'suppressed_for_channel')")


class Migration(migrations.Migration):
    dependencies = [("inventory", "0020_history")]

    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
