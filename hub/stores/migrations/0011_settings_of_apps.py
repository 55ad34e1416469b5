"""Levels hold settings of apps as well: of the curb, for one. None of them has said any yet; what
a store's curb says is taken for its own when a level is first changed."""

from django.db import migrations, models

EMPTY = models.Value({}, models.JSONField())


def _field():
    return models.JSONField(blank=True, db_default=EMPTY, default=dict)


class Migration(migrations.Migration):
    dependencies = [("stores", "0010_history_of_stages")]

    operations = [
        migrations.AddField(model_name="settingslevel", name="others", field=_field()),
        migrations.AddField(model_name="historicalsettingslevel", name="others", field=_field()),
    ]
