"""The history of what roles ask at log-in begins with what there is."""

from django.db import migrations

from hub.history import begin


def write(apps, schema_editor):
    """Each row as it stands."""
    begin(apps, "staff", "RolePolicy")


class Migration(migrations.Migration):
    dependencies = [("staff", "0007_role_policy_history")]

    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
