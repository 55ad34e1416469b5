"""What the messages of past days came to."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0017_history_begins'),
        ('stores', '0010_history_of_stages'),
    ]

    operations = [
        migrations.CreateModel(
            name='DayMessages',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('channel', models.CharField(blank=True, max_length=10)),
                ('provider', models.CharField(blank=True, max_length=40)),
                ('purpose', models.CharField(max_length=40)),
                ('words', models.CharField(blank=True, max_length=60)),
                ('written', models.PositiveIntegerField()),
                ('accepted', models.PositiveIntegerField()),
                ('delivered', models.PositiveIntegerField()),
                ('failed', models.PositiveIntegerField()),
                ('stale', models.PositiveIntegerField()),
                ('late', models.PositiveIntegerField()),
                ('unsure', models.PositiveIntegerField()),
                ('followed', models.PositiveIntegerField()),
                ('texts', models.PositiveIntegerField()),
                ('segments', models.PositiveIntegerField()),
                ('micros', models.PositiveBigIntegerField()),
                ('store', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='stores.store')),
            ],
            options={
                'indexes': [models.Index(fields=['store', 'day'], name='day_messages_store')],
                'constraints': [models.UniqueConstraint(fields=('day', 'store', 'channel', 'provider', 'purpose', 'words'), name='day_messages_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='DayUnsent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('outcome', models.CharField(max_length=12)),
                ('reason', models.CharField(blank=True, max_length=60)),
                ('count', models.PositiveIntegerField()),
                ('store', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='stores.store')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('day', 'store', 'outcome', 'reason'), name='day_unsent_once', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='MessageTimes',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('stretch', models.CharField(max_length=8)),
                ('count', models.PositiveIntegerField()),
                ('seconds', models.BigIntegerField()),
                ('buckets', django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), size=None)),
                ('counts', django.contrib.postgres.fields.ArrayField(base_field=models.IntegerField(), size=None)),
                ('store', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='stores.store')),
            ],
            options={
                'indexes': [models.Index(fields=['day'], name='message_times_day')],
                'constraints': [models.UniqueConstraint(fields=('store', 'day', 'stretch'), name='message_times_once', nulls_distinct=False)],
            },
        ),
    ]
