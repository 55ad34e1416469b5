"""When outside systems were last asked whether they answer."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("integration", "0001_stages_and_waves")]

    operations = [
        migrations.CreateModel(
            name="Ping",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.CharField(max_length=60, unique=True)),
                ("at", models.DateTimeField()),
                ("answered", models.BooleanField()),
                ("milliseconds", models.PositiveIntegerField(null=True)),
                ("problem", models.CharField(blank=True, max_length=200)),
                ("by", models.CharField(blank=True, max_length=150)),
            ],
        ),
    ]
