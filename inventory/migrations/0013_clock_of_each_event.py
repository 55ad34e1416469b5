"""The clock that dated each stock event, as it was found to run."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0012_stock_file_reach'),
    ]

    operations = [
        migrations.AddField(
            model_name='inventoryevent',
            name='ahead_ms',
            field=models.IntegerField(db_default=0, default=0, help_text="by how much the source's clock ran ahead; occurred_at is less by that"),
        ),
    ]
