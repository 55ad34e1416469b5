"""Whose lines a file of a key with few stores may carry."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0011_stops_by_whom_and_quiet_signals'),
    ]

    operations = [
        migrations.AddField(
            model_name='stockfile',
            name='reach',
            field=models.JSONField(null=True),
        ),
    ]
