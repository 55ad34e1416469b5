"""Places in pickup windows, and days with more or fewer of them."""

import datetime
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0017_marks_of_items'),
        ('orders', '0007_due_parts'),
        ('stores', '0003_store_slots_groups_and_switches'),
    ]

    operations = [
        migrations.CreateModel(
            name='SlotCapacity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('date', models.DateField()),
                ('begins', models.TimeField(default=datetime.time(0, 0), help_text='windows that begin at or after this time')),
                ('ends', models.TimeField(default=datetime.time(23, 59), help_text='and before this one')),
                ('orders', models.PositiveSmallIntegerField(help_text='orders per window; 0: none')),
                ('reason', models.CharField(blank=True, max_length=100)),
                ('store', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='slot_capacities', to='stores.store')),
            ],
            options={
                'verbose_name_plural': 'slot capacities',
                'ordering': ['store', 'date', 'begins'],
                'constraints': [models.UniqueConstraint(fields=('store', 'date', 'begins'), name='slot_capacity_once'), models.CheckConstraint(condition=models.Q(('ends__gt', models.F('begins'))), name='slot_capacity_forward')],
            },
        ),
        migrations.CreateModel(
            name='WindowBooking',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('start', models.DateTimeField()),
                ('reference', models.CharField(max_length=30, unique=True)),
                ('hold', models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='inventory.hold')),
                ('store', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store')),
            ],
            options={
                'indexes': [models.Index(fields=['store', 'start'], name='window_booking_places')],
            },
        ),
    ]
