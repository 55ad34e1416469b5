"""Each inbound text is heard once, and a thread can say what staff should see at once."""

import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0008_published_words_stay'),
    ]

    operations = [
        migrations.AddField(
            model_name='thread',
            name='flag',
            field=models.CharField(blank=True, db_default='', default='', help_text='what staff should see at once: may want no texts, asks for a person', max_length=20),
        ),
        migrations.CreateModel(
            name='HeardText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('call_id', models.BigIntegerField(unique=True)),
                ('phone_hash', models.CharField(max_length=32)),
                ('kind', models.CharField(max_length=12)),
                ('digest', models.CharField(blank=True, max_length=32)),
                ('locale', models.CharField(blank=True, max_length=10)),
                ('order_id', models.BigIntegerField(null=True)),
                ('damped', models.BooleanField(default=False)),
                ('heard_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
            options={
                'indexes': [models.Index(fields=['phone_hash', 'heard_at'], name='heard_of_phone')],
            },
        ),
    ]
