
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('orders', '0001_initial'),
    ]

    operations = [
        migrations.AlterModelOptions(
            name='handoff',
            options={'permissions': [('override_pin', 'Can hand off without the PIN, giving a reason')]},
        ),
        migrations.CreateModel(
            name='ActionRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.CharField(max_length=64, unique=True)),
                ('action', models.CharField(help_text='accept, start, picked, ready, hand_off, …', max_length=20)),
                ('actor', models.CharField(blank=True, max_length=60)),
                ('at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('fulfillment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='actions', to='orders.fulfillmentorder')),
            ],
        ),
    ]
