"""The history begins with what there is."""

from django.db import migrations

from hub.history import begin


def write(apps, schema_editor):
    """Each row as it stands."""
    begin(apps, "notifications", "TextingRules")


class Migration(migrations.Migration):
    dependencies = [("notifications", "0016_history")]

    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
