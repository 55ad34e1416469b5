"""The ledger's stores and items are those of levels that are locked while a line is written."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0018_shelf_places'),
        ('stores', '0003_store_slots_groups_and_switches'),
    ]

    operations = [
        migrations.AlterField(
            model_name='inventoryevent',
            name='item',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.item'),
        ),
        migrations.AlterField(
            model_name='inventoryevent',
            name='store',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store'),
        ),
    ]
