"""Cut-off, slots and pace of stores, groups of them, and what a lead switches on."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('stores', '0002_pos_previous_secret'),
    ]

    operations = [
        migrations.AddField(
            model_name='store',
            name='cut_off',
            field=models.TimeField(blank=True, help_text='an order placed later in the day counts as placed at the next opening', null=True),
        ),
        migrations.AddField(
            model_name='store',
            name='orders_per_hour',
            field=models.PositiveSmallIntegerField(blank=True, help_text='how many it prepares in an hour; empty: its queue delays nobody', null=True),
        ),
        migrations.AddField(
            model_name='store',
            name='slot_capacity',
            field=models.PositiveSmallIntegerField(blank=True, help_text='orders per pickup window; empty: as many as come', null=True),
        ),
        migrations.AddField(
            model_name='store',
            name='slot_minutes',
            field=models.PositiveSmallIntegerField(db_default=30, default=30, help_text='length of a pickup window'),
        ),
        migrations.CreateModel(
            name='StoreGroup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60, unique=True)),
                ('stores', models.ManyToManyField(blank=True, related_name='groups', to='stores.store')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='StoreSwitch',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('paused', 'no new orders'), ('closing_early', 'closing early'), ('pos_down', 'POS down')], max_length=13)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('until', models.DateTimeField(blank=True, help_text='empty: until it is undone', null=True)),
                ('before', models.JSONField(default=dict, editable=False)),
                ('opened_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('opened_by', models.CharField(blank=True, editable=False, max_length=150)),
                ('closed_at', models.DateTimeField(editable=False, null=True)),
                ('closed_by', models.CharField(blank=True, editable=False, max_length=150)),
                ('store', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='switches', to='stores.store')),
            ],
            options={
                'verbose_name_plural': 'store switches',
                'constraints': [models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True)), fields=('store', 'kind'), name='switch_one_on')],
            },
        ),
    ]
