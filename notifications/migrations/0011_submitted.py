"""When the last try of a message began: what its provider took is told from what waited here."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0010_talk_schedule"),
    ]

    operations = [
        migrations.AddField(
            model_name="message",
            name="submitted_at",
            field=models.DateTimeField(help_text="when the last try began", null=True),
        ),
    ]
