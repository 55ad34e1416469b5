"""What the days of each store came to."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0018_shelf_places'),
        ('orders', '0028_history_begins'),
        ('stores', '0005_words_of_the_cut_off'),
    ]

    operations = [
        migrations.CreateModel(
            name='DayFigures',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('store', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='stores.store')),
                ('day', models.DateField()),
                ('placed', models.PositiveIntegerField(default=0, help_text='parts that the store got')),
                ('accepted', models.PositiveIntegerField(default=0)),
                ('rejected', models.PositiveIntegerField(default=0, help_text='turned down, or not accepted')),
                ('ready', models.PositiveIntegerField(default=0)),
                ('completed', models.PositiveIntegerField(default=0)),
                ('expired', models.PositiveIntegerField(default=0, help_text='not collected')),
                ('due', models.PositiveIntegerField(default=0, help_text='ready, or should be')),
                ('in_time', models.PositiveIntegerField(default=0, help_text='ready by the newest promise')),
                ('kept', models.PositiveIntegerField(default=0, help_text='ready by the first promise')),
                ('asked', models.PositiveIntegerField(default=0, help_text='units of what was picked')),
                ('filled', models.PositiveIntegerField(default=0, help_text='picked as ordered')),
                ('substituted', models.PositiveIntegerField(default=0)),
                ('short', models.PositiveIntegerField(default=0)),
                ('answered', models.PositiveIntegerField(default=0, help_text='offers of substitutes')),
                ('taken', models.PositiveIntegerField(default=0, help_text='offers accepted')),
                ('arrived', models.PositiveIntegerField(default=0, help_text='visits')),
                ('gone', models.PositiveIntegerField(default=0, help_text='visits that ended with nothing')),
                ('pos_lists', models.PositiveIntegerField(default=0, help_text='pick lists for the POS')),
                ('pos_pushed', models.PositiveIntegerField(default=0)),
                ('shortfalls', models.PositiveIntegerField(default=0, help_text='items sold that are not there')),
            ],
            options={
                'verbose_name': 'report',
            },
        ),
        migrations.CreateModel(
            name='DayReason',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('store', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='stores.store')),
                ('item', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='inventory.item')),
                ('day', models.DateField()),
                ('kind', models.CharField(choices=[('short', 'units not found'), ('rejected', 'parts turned down'), ('item', 'units turned down')], max_length=8)),
                ('reason', models.CharField(max_length=20)),
                ('count', models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name='DayTimes',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('store', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='stores.store')),
                ('day', models.DateField()),
                ('stretch', models.CharField(max_length=8)),
                ('count', models.PositiveIntegerField()),
                ('seconds', models.BigIntegerField()),
                ('buckets', django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), size=None)),
                ('counts', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
            ],
        ),
        migrations.CreateModel(
            name='RollupMark',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=20, unique=True)),
                ('fact_id', models.BigIntegerField(default=0)),
                ('ran_at', models.DateTimeField()),
            ],
        ),
        migrations.AddConstraint(
            model_name='rollupmark',
            constraint=models.CheckConstraint(condition=models.Q(('fact_id__gte', 0)), name='rollup_mark'),
        ),
        migrations.AddIndex(
            model_name='dayfigures',
            index=models.Index(fields=['day'], name='day_figures_day'),
        ),
        migrations.AddConstraint(
            model_name='dayfigures',
            constraint=models.UniqueConstraint(fields=('store', 'day'), name='day_figures_once', nulls_distinct=False),
        ),
        migrations.AddIndex(
            model_name='dayreason',
            index=models.Index(fields=['kind', 'day'], name='day_reason_kind'),
        ),
        migrations.AddConstraint(
            model_name='dayreason',
            constraint=models.UniqueConstraint(fields=('store', 'day', 'kind', 'reason', 'item'), name='day_reason_once', nulls_distinct=False),
        ),
        migrations.AddIndex(
            model_name='daytimes',
            index=models.Index(fields=['stretch', 'day'], name='day_times_stretch'),
        ),
        migrations.AddConstraint(
            model_name='daytimes',
            constraint=models.UniqueConstraint(fields=('store', 'day', 'stretch'), name='day_times_once', nulls_distinct=False),
        ),
    ]
