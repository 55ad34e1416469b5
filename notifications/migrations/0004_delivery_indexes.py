from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('notifications', '0003_delivery'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='message',
            index=models.Index(condition=models.Q(('reach_by__isnull', False)), fields=['reach_by'], name='message_reach_by'),
        ),
        AddIndexConcurrently(
            model_name='message',
            index=models.Index(condition=models.Q(('outcome__in', ['accepted', 'sent'])), fields=['accepted_at'], name='message_unheard'),
        ),
    ]
