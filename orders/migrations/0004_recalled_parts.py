"""Which orders have goods that were called back, and what became of them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0008_cases_feeds_and_bundles'),
        ('orders', '0003_order_number_of_its_kind'),
    ]

    operations = [
        migrations.CreateModel(
            name='RecalledPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stage', models.CharField(choices=[('allocated', 'not picked yet'), ('staged', 'picked, waiting'), ('collected', 'collected')], max_length=9)),
                ('units', models.PositiveIntegerField()),
                ('cleared_by', models.CharField(blank=True, db_default='', default='', max_length=150)),
                ('settled_at', models.DateTimeField(null=True)),
                ('block', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='orders.block')),
                ('fulfillment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='recalls', to='orders.fulfillmentorder')),
                ('recall', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='inventory.recall')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('settled_at__isnull', True)), fields=['id'], name='recalled_part_unsettled')],
                'constraints': [models.UniqueConstraint(fields=('recall', 'fulfillment'), name='recalled_part_once')],
            },
        ),
    ]
