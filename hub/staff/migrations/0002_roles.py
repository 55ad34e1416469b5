"""The roles picker, store lead, support, operations, integrator and administrator."""

from django.db import migrations

from hub.history import unkept
from hub.staff import roles


def create(apps, schema_editor):
    """Make the groups, or complete them; running it again changes nothing."""
    with unkept():  # the tables of the history come later
        roles.ship(apps)


def remove(apps, schema_editor):
    """Take away those of the groups that nobody is in."""
    groups = apps.get_model("auth", "Group").objects
    groups.filter(name__in=roles.ROLES, user__isnull=True).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("staff", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(create, remove)]
