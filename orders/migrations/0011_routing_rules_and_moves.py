"""Rules that choose stores, rejections, and questions to customers about a move."""

import django.db.models.deletion
import django.db.models.functions.datetime
import orders.models.routing
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0018_shelf_places'),
        ('orders', '0010_zones_bags_and_batches'),
        ('stores', '0003_store_slots_groups_and_switches'),
    ]

    operations = [
        migrations.CreateModel(
            name='Rejection',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(choices=[('out_of_stock', 'out of stock'), ('cannot_find', 'cannot be found'), ('damaged', 'damaged'), ('too_busy', 'too busy'), ('closing', 'closing'), ('other', 'other'), ('not_accepted', 'not accepted in time')], max_length=12)),
                ('rejected_at', models.DateTimeField()),
                ('fulfillment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='rejection', to='orders.fulfillmentorder')),
                ('store', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store')),
            ],
        ),
        migrations.CreateModel(
            name='RejectedItem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('units', models.PositiveIntegerField()),
                ('rejected_at', models.DateTimeField()),
                ('item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.item')),
                ('store', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store')),
                ('rejection', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='orders.rejection')),
            ],
        ),
        migrations.CreateModel(
            name='RoutingRuleSet',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('active', 'Active'), ('retired', 'Retired')], db_index=True, default='draft', editable=False, max_length=7)),
                ('version', models.PositiveIntegerField(default=0, editable=False, help_text="of the channel's rules, from the first activation on")),
                ('most_parts', models.PositiveSmallIntegerField(default=1, help_text='over how many stores an order may be split that no store has whole', verbose_name='stores per order')),
                ('created_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('created_by', models.CharField(blank=True, editable=False, max_length=150)),
                ('activated_at', models.DateTimeField(editable=False, null=True)),
                ('activated_by', models.CharField(blank=True, editable=False, max_length=150)),
                ('channel', models.ForeignKey(blank=True, help_text='empty: all channels without rules of their own', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.saleschannel')),
            ],
            options={
                'verbose_name': 'routing rules',
                'verbose_name_plural': 'routing rules',
            },
        ),
        migrations.CreateModel(
            name='RoutingRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('whole_basket', models.BooleanField(default=True, help_text='only stores that have all of it')),
                ('radius_metres', models.PositiveIntegerField(blank=True, help_text='no further than this, whatever the site asks for', null=True)),
                ('within_minutes', models.PositiveIntegerField(blank=True, help_text='only stores that have it ready by then', null=True)),
                ('capacity_left', models.BooleanField(default=False, help_text='only stores that have less to prepare than they can in an hour')),
                ('most_rejected_percent', models.PositiveSmallIntegerField(blank=True, help_text='no stores that reject this share of their orders or more', null=True)),
                ('rejected_days', models.PositiveSmallIntegerField(default=7, help_text='over so many days')),
                ('rejected_least', models.PositiveSmallIntegerField(default=10, help_text='only where there were at least so many orders')),
                ('spare_rejected', models.BooleanField(default=True, help_text='no store that turned one of the items down and has not counted it since', verbose_name='spare rejected goods')),
                ('sorters', models.JSONField(blank=True, default=list)),
                ('ranked', models.JSONField(blank=True, default=list)),
                ('group', models.ForeignKey(blank=True, help_text='empty: all stores', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.storegroup')),
                ('rule_set', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='orders.routingruleset')),
            ],
            options={
                'ordering': ['rule_set', 'position'],
            },
        ),
        migrations.CreateModel(
            name='RoutingSimulation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField()),
                ('most_orders', models.PositiveIntegerField(default=1000)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('failed', 'Failed')], default='waiting', max_length=7)),
                ('done', models.PositiveIntegerField(default=0)),
                ('total', models.PositiveIntegerField(default=0)),
                ('result', models.JSONField(default=dict)),
                ('asked_by', models.CharField(blank=True, max_length=150)),
                ('asked_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('ended_at', models.DateTimeField(null=True)),
                ('rule_set', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='simulations', to='orders.routingruleset')),
            ],
        ),
        migrations.CreateModel(
            name='ClockMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('accept_overdue', 'Accept Overdue'), ('accept_given_up', 'Accept Given Up'), ('expiring', 'Expiring')], max_length=15)),
                ('at', models.DateTimeField()),
                ('fulfillment', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='clock_marks', to='orders.fulfillmentorder')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('fulfillment', 'kind'), name='clock_mark_once')],
            },
        ),
        migrations.CreateModel(
            name='MoveOffer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=orders.models.routing._offer_id, editable=False, max_length=30, unique=True)),
                ('metres', models.PositiveIntegerField(help_text='between the two stores')),
                ('promised_at', models.DateTimeField()),
                ('hold_id', models.CharField(help_text='public id of the hold', max_length=30)),
                ('state', models.CharField(choices=[('open', 'Open'), ('accepted', 'Accepted'), ('declined', 'Declined'), ('lapsed', 'Lapsed'), ('withdrawn', 'Withdrawn')], default='open', max_length=9)),
                ('answer_by', models.DateTimeField()),
                ('made_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField(null=True)),
                ('answered_by', models.CharField(blank=True, max_length=60)),
                ('fulfillment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='move_offers', to='orders.fulfillmentorder')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='move_offers', to='orders.order')),
                ('store', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='stores.store')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'open')), fields=['answer_by'], name='move_offer_due')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'open')), fields=('fulfillment',), name='move_offer_one_open')],
            },
        ),
        migrations.AddIndex(
            model_name='rejection',
            index=models.Index(fields=['store', 'rejected_at'], name='rejection_of_store'),
        ),
        migrations.AddIndex(
            model_name='rejecteditem',
            index=models.Index(fields=['item', 'rejected_at'], name='rejected_item_lately'),
        ),
        migrations.AddConstraint(
            model_name='routingruleset',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'active')), fields=('channel',), name='routing_one_active', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='routingruleset',
            constraint=models.CheckConstraint(condition=models.Q(('most_parts__gte', 1), ('most_parts__lte', 5)), name='routing_most_parts'),
        ),
        migrations.AddConstraint(
            model_name='routingrule',
            constraint=models.UniqueConstraint(fields=('rule_set', 'position'), name='routing_rule_place'),
        ),
        migrations.AddConstraint(
            model_name='routingrule',
            constraint=models.CheckConstraint(condition=models.Q(('most_rejected_percent__isnull', True), models.Q(('most_rejected_percent__gte', 1), ('most_rejected_percent__lte', 100)), _connector='OR'), name='routing_rule_percent'),
        ),
    ]
