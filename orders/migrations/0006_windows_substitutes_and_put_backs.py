"""Pickup windows, wishes for substitutes, and picked units that go back to their shelf."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0017_marks_of_items'),
        ('orders', '0005_recall_schedule'),
        ('stores', '0003_store_slots_groups_and_switches'),
    ]

    operations = [
        migrations.CreateModel(
            name='PutBack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='put_backs', to='orders.fulfillmentline')),
                ('store', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store')),
                ('units', models.PositiveIntegerField()),
                ('location', models.CharField(blank=True, help_text='where the units stand', max_length=40)),
                ('reason', models.CharField(max_length=60)),
                ('asked_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('done_at', models.DateTimeField(null=True)),
                ('done_by', models.CharField(blank=True, max_length=60)),
                ('outcome', models.CharField(blank=True, choices=[('shelf', 'back on the shelf'), ('damaged', 'damaged'), ('written_off', 'written off')], max_length=11)),
            ],
            options={
                'verbose_name': 'put-back',
                'indexes': [models.Index(condition=models.Q(('done_at__isnull', True)), fields=['store', 'asked_at'], name='put_back_open')],
                'constraints': [models.CheckConstraint(condition=models.Q(('units__gt', 0)), name='put_back_units'), models.CheckConstraint(condition=models.Q(models.Q(('done_at__isnull', True), ('outcome', '')), models.Q(('done_at__isnull', False), ('outcome__gt', '')), _connector='OR'), name='put_back_done_how')],
            },
        ),
        migrations.AddField(
            model_name='fulfillmentline',
            name='short_reason',
            field=models.CharField(blank=True, db_default='', default='', max_length=20),
        ),
        migrations.AddField(
            model_name='fulfillmentline',
            name='to_put_back',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='fulfillmentline',
            name='unit_price_minor',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='fulfillmentorder',
            name='accept_by',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='fulfillmentorder',
            name='promised_first',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='fulfillmentorder',
            name='replaces',
            field=models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replacements', to='orders.fulfillmentorder'),
        ),
        migrations.AddField(
            model_name='fulfillmentorder',
            name='window_end',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='fulfillmentorder',
            name='window_start',
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name='order',
            name='near_latitude',
            field=models.FloatField(help_text='of the best-store search, else null', null=True),
        ),
        migrations.AddField(
            model_name='order',
            name='near_longitude',
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name='order',
            name='radius_metres',
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='orderline',
            name='price_cap_minor',
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='orderline',
            name='substitute',
            field=models.ForeignKey(db_constraint=False, db_index=False, help_text='what the customer would take instead', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.item'),
        ),
        migrations.AddField(
            model_name='orderline',
            name='substitution',
            field=models.CharField(choices=[('refused', 'no substitute'), ('ask', 'ask first'), ('accepted', 'take what fits')], db_default='refused', default='refused', max_length=8),
        ),
        migrations.AddField(
            model_name='orderline',
            name='tax_minor',
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name='block',
            name='reason',
            field=models.CharField(choices=[('payment', 'Payment'), ('fraud', 'Fraud'), ('age_check', 'Age Check'), ('substitution', 'Substitution'), ('amount', 'Amount'), ('move', 'Move'), ('other', 'Other')], max_length=12),
        ),
    ]
