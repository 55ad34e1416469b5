from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0003_vehicle'),
    ]

    operations = [
        migrations.AddField(
            model_name='profile',
            name='chosen_locale',
            field=models.CharField(blank=True, db_default='', default='', max_length=10),
        ),
        migrations.AddField(
            model_name='profile',
            name='locale_source',
            field=models.CharField(blank=True, db_default='', default='', help_text='page, sms, staff', max_length=10),
        ),
    ]
