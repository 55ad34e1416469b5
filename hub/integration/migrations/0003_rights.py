"""The roles may bring stores on line, each as far as its job goes."""

from django.db import migrations

from hub.history import unkept
from hub.staff import roles


def ship(apps, schema_editor):
    """Give the roles what they lack; running it again changes nothing."""
    with unkept():  # the tables of their history may come later
        roles.ship()


class Migration(migrations.Migration):
    dependencies = [
        ("integration", "0002_pings"),
        ("staff", "0002_roles"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
