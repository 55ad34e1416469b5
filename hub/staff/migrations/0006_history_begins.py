"""The history begins with what there is."""

from django.db import migrations

from hub.history import begin

MEMBERS = """
INSERT INTO staff_historicalgroup_permissions (id, history_id, group_id, permission_id)
SELECT member.id, kept.history_id, member.group_id, member.permission_id
FROM auth_group_permissions member
JOIN staff_historicalgroup kept ON kept.id = member.group_id
"""
ROLES = """
INSERT INTO staff_historicaluser_groups (id, history_id, user_id, group_id)
SELECT member.id, kept.history_id, member.user_id, member.group_id
FROM auth_user_groups member
JOIN staff_historicaluser kept ON kept.id = member.user_id
"""


def write(apps, schema_editor):
    """Each row as it stands."""
    begin(apps, "auth", "Group", kept_by="staff")
    begin(apps, "auth", "User", kept_by="staff")
    schema_editor.execute(MEMBERS)
    schema_editor.execute(ROLES)


class Migration(migrations.Migration):
    dependencies = [("staff", "0005_history")]

    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
