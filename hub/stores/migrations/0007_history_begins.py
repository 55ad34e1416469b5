"""The history begins with what there is."""

from django.db import migrations

from hub.history import begin

MEMBERS = """
INSERT INTO stores_historicalstoregroup_stores (id, history_id, storegroup_id, store_id)
SELECT member.id, kept.history_id, member.storegroup_id, member.store_id
FROM stores_storegroup_stores member
JOIN stores_historicalstoregroup kept ON kept.id = member.storegroup_id
"""


def write(apps, schema_editor):
    """Each row as it stands."""
    begin(apps, "stores", "SalesChannel")
    begin(apps, "stores", "Store")
    begin(apps, "stores", "OpeningHours")
    begin(apps, "stores", "HoursException")
    begin(apps, "stores", "StoreGroup")
    begin(apps, "stores", "PosConnection")
    begin(apps, "stores", "StaffScope")
    schema_editor.execute(MEMBERS)


class Migration(migrations.Migration):
    dependencies = [("stores", "0006_history")]

    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
