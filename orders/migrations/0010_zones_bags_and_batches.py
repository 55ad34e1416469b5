"""Who picks which zone, bags and where they stand."""

import django.db.models.deletion
import django.db.models.functions.datetime
import orders.models.picking
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0009_substitutes_and_returns'),
        ('stores', '0003_store_slots_groups_and_switches'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='PickBatch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=orders.models.picking._batch_id, editable=False, max_length=30, unique=True)),
                ('sorting', models.CharField(choices=[('while', 'a tote for each order'), ('after', 'sort when all is picked')], default='while', max_length=5)),
                ('opened_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('closed_at', models.DateTimeField(null=True)),
                ('picker', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store')),
            ],
            options={
                'verbose_name_plural': 'pick batches',
            },
        ),
        migrations.CreateModel(
            name='PickEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('scan', 'Scan'), ('count', 'Count'), ('short', 'Short'), ('later', 'Later')], max_length=5)),
                ('units', models.PositiveIntegerField()),
                ('code', models.CharField(blank=True, help_text='what the scanner read', max_length=60)),
                ('reason', models.CharField(blank=True, max_length=60)),
                ('by', models.CharField(blank=True, help_text='staff:7, key:key_…', max_length=60)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='orders.fulfillmentline')),
            ],
            options={
                'verbose_name_plural': 'pick entries',
            },
        ),
        migrations.CreateModel(
            name='StagingLocation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(help_text='as its label says: A1, COOLER 2', max_length=20)),
                ('zone', models.CharField(choices=[('ambient', 'Ambient'), ('chilled', 'Chilled'), ('frozen', 'Frozen')], default='ambient', max_length=8)),
                ('active', models.BooleanField(default=True)),
                ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='staging_locations', to='stores.store')),
            ],
            options={
                'ordering': ['store', 'zone', 'code'],
            },
        ),
        migrations.CreateModel(
            name='Bag',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('zone', models.CharField(choices=[('ambient', 'Ambient'), ('chilled', 'Chilled'), ('frozen', 'Frozen')], max_length=8)),
                ('barcode', models.CharField(default=orders.models.picking._barcode, max_length=20, unique=True)),
                ('staged_at', models.DateTimeField(null=True)),
                ('fulfillment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='bag_rows', to='orders.fulfillmentorder')),
                ('location', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='bags', to='orders.staginglocation')),
            ],
            options={
                'ordering': ['fulfillment', 'number'],
            },
        ),
        migrations.CreateModel(
            name='ZonePick',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('zone', models.CharField(choices=[('ambient', 'Ambient'), ('chilled', 'Chilled'), ('frozen', 'Frozen')], max_length=8)),
                ('claimed_until', models.DateTimeField(null=True)),
                ('tote', models.CharField(blank=True, help_text='what its goods are put into', max_length=20)),
                ('out_since', models.DateTimeField(null=True)),
                ('in_since', models.DateTimeField(null=True)),
                ('batch', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='zone_picks', to='orders.pickbatch')),
                ('fulfillment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='zone_picks', to='orders.fulfillmentorder')),
                ('picker', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddConstraint(
            model_name='staginglocation',
            constraint=models.UniqueConstraint(fields=('store', 'code'), name='staging_location_code'),
        ),
        migrations.AddConstraint(
            model_name='bag',
            constraint=models.UniqueConstraint(fields=('fulfillment', 'number'), name='bag_number'),
        ),
        migrations.AddConstraint(
            model_name='bag',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('location__isnull', True), ('staged_at__isnull', True)), models.Q(('location__isnull', False), ('staged_at__isnull', False)), _connector='OR'), name='bag_staged_somewhere'),
        ),
        migrations.AddIndex(
            model_name='zonepick',
            index=models.Index(condition=models.Q(('in_since__isnull', True), ('out_since__isnull', False)), fields=['out_since'], name='zone_pick_out_of_cold'),
        ),
        migrations.AddConstraint(
            model_name='zonepick',
            constraint=models.UniqueConstraint(fields=('fulfillment', 'zone'), name='zone_pick_once'),
        ),
    ]
