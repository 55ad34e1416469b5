"""The history begins with what there is."""

from django.db import migrations

from hub.history import begin


def write(apps, schema_editor):
    """Each row as it stands."""
    begin(apps, "providers", "Provider")


class Migration(migrations.Migration):
    dependencies = [("providers", "0002_history")]

    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
