"""Who stopped an order, who let it move on, and why."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0023_drift_without_asked_at'),
    ]

    operations = [
        migrations.AddField(
            model_name='block',
            name='lifted_by',
            field=models.CharField(blank=True, db_default='', default='', max_length=60),
        ),
        migrations.AddField(
            model_name='block',
            name='lifted_why',
            field=models.CharField(blank=True, db_default='', default='', max_length=60),
        ),
        migrations.AddField(
            model_name='block',
            name='opened_by',
            field=models.CharField(blank=True, db_default='', default='', max_length=60),
        ),
    ]
