"""Where a store keeps an item, and when one comes by it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0017_marks_of_items'),
        ('stores', '0003_store_slots_groups_and_switches'),
    ]

    operations = [
        migrations.CreateModel(
            name='ShelfPlace',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('location', models.CharField(help_text='as the shelf is labelled: aisle 4, C-12', max_length=40)),
                ('sequence', models.PositiveIntegerField(default=0, help_text='the walk goes from the lowest number to the highest')),
                ('item', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='places', to='inventory.item')),
                ('store', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='shelves', to='stores.store')),
            ],
            options={
                'ordering': ['store', 'sequence', 'location'],
                'constraints': [models.UniqueConstraint(fields=('store', 'item'), name='shelf_place_once')],
            },
        ),
    ]
