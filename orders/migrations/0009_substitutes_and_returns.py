"""What customers are asked about substitutes, what parts came to, and what came back."""

import django.db.models.deletion
import django.db.models.functions.datetime
import orders.models.returns
import orders.models.substitution
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0017_marks_of_items'),
        ('orders', '0008_pickup_windows'),
    ]

    operations = [
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=orders.models.returns._refund_id, editable=False, max_length=30, unique=True)),
                ('reason', models.CharField(choices=[('supplied_less', 'less or cheaper goods than ordered'), ('canceled', 'canceled'), ('expired', 'not collected in time'), ('returned', 'brought back'), ('price_adjusted', 'price adjusted')], max_length=14)),
                ('amount_minor', models.BigIntegerField()),
                ('lines', models.JSONField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('fulfillment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='orders.fulfillmentorder')),
            ],
        ),
        migrations.CreateModel(
            name='PriceAdjustment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('before_minor', models.BigIntegerField()),
                ('after_minor', models.BigIntegerField()),
                ('reason', models.CharField(max_length=200)),
                ('by', models.CharField(blank=True, max_length=60)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='price_adjustments', to='orders.fulfillmentline')),
                ('refund', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.refund')),
            ],
            options={
                'permissions': [('adjust_price', 'Can lower the price of a line within the limit'), ('adjust_price_freely', 'Can lower the price of a line as far as he likes')],
            },
        ),
        migrations.CreateModel(
            name='GoodsReturn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=orders.models.returns._return_id, editable=False, max_length=30, unique=True)),
                ('reason', models.CharField(max_length=200)),
                ('by', models.CharField(blank=True, max_length=60)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('fulfillment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='returns', to='orders.fulfillmentorder')),
                ('refund', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.refund')),
            ],
            options={
                'verbose_name': 'return',
                'permissions': [('take_return', 'Can take goods back')],
            },
        ),
        migrations.CreateModel(
            name='ReturnedLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('units', models.PositiveIntegerField()),
                ('disposition', models.CharField(choices=[('restock', 'on sale again'), ('damaged', 'damaged')], max_length=7)),
                ('amount_minor', models.BigIntegerField()),
                ('goods_return', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='orders.goodsreturn')),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='returned', to='orders.fulfillmentline')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Settlement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ordered_minor', models.BigIntegerField()),
                ('supplied_minor', models.BigIntegerField()),
                ('lines', models.JSONField()),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('block', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='orders.block')),
                ('fulfillment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='settlement', to='orders.fulfillmentorder')),
            ],
        ),
        migrations.CreateModel(
            name='SubstitutionRound',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.CharField(default=orders.models.substitution._round_id, editable=False, max_length=30, unique=True)),
                ('deadline', models.DateTimeField()),
                ('opened_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('opened_by', models.CharField(blank=True, max_length=60)),
                ('closed_at', models.DateTimeField(null=True)),
                ('closed_by', models.CharField(blank=True, help_text='who had the last word; silence: the deadline', max_length=60)),
                ('block', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='orders.block')),
                ('fulfillment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rounds', to='orders.fulfillmentorder')),
            ],
            options={
                'verbose_name': 'question about substitutes',
                'verbose_name_plural': 'questions about substitutes',
            },
        ),
        migrations.CreateModel(
            name='SubstitutionOffer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('units', models.PositiveIntegerField()),
                ('unit_price_minor', models.BigIntegerField()),
                ('warnings', models.JSONField(default=list)),
                ('on_silence', models.CharField(choices=[('accept', 'taken'), ('decline', 'left out')], max_length=7)),
                ('outcome', models.CharField(blank=True, choices=[('accepted', 'accepted'), ('declined', 'declined'), ('gone', 'wanted, but gone by then'), ('withdrawn', 'withdrawn')], max_length=9)),
                ('answered_at', models.DateTimeField(null=True)),
                ('answered_by', models.CharField(blank=True, max_length=60)),
                ('item', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.item')),
                ('line', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='offers', to='orders.fulfillmentline')),
                ('original', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='inventory.item')),
                ('supplied', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.fulfillmentline')),
                ('round', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='offers', to='orders.substitutionround')),
            ],
            options={
                'verbose_name': 'offer of a substitute',
                'verbose_name_plural': 'offers of substitutes',
                'ordering': ['number'],
            },
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='refund_amount'),
        ),
        migrations.AddConstraint(
            model_name='priceadjustment',
            constraint=models.CheckConstraint(condition=models.Q(('after_minor__gte', 0), ('after_minor__lt', models.F('before_minor'))), name='price_adjustment_lowers'),
        ),
        migrations.AddConstraint(
            model_name='returnedline',
            constraint=models.CheckConstraint(condition=models.Q(('units__gt', 0)), name='returned_line_units'),
        ),
        migrations.AddConstraint(
            model_name='returnedline',
            constraint=models.UniqueConstraint(fields=('goods_return', 'line', 'disposition'), name='returned_line_once'),
        ),
        migrations.AddIndex(
            model_name='substitutionround',
            index=models.Index(condition=models.Q(('closed_at__isnull', True)), fields=['deadline'], name='substitution_round_due'),
        ),
        migrations.AddConstraint(
            model_name='substitutionround',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True)), fields=('fulfillment',), name='substitution_round_open_once'),
        ),
        migrations.AddIndex(
            model_name='substitutionoffer',
            index=models.Index(condition=models.Q(('outcome__in', ['accepted', 'declined'])), fields=['original', 'item'], name='substitution_statistics'),
        ),
        migrations.AddConstraint(
            model_name='substitutionoffer',
            constraint=models.UniqueConstraint(fields=('round', 'number'), name='substitution_offer_number'),
        ),
        migrations.AddConstraint(
            model_name='substitutionoffer',
            constraint=models.UniqueConstraint(fields=('round', 'line'), name='substitution_offer_line'),
        ),
        migrations.AddConstraint(
            model_name='substitutionoffer',
            constraint=models.CheckConstraint(condition=models.Q(('units__gt', 0)), name='substitution_offer_units'),
        ),
        migrations.AddConstraint(
            model_name='substitutionoffer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', True), ('outcome', '')), models.Q(('answered_at__isnull', False), ('outcome__gt', '')), _connector='OR'), name='substitution_offer_answered'),
        ),
    ]
