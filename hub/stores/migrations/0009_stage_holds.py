"""Every store there is keeps to it: only live ones offer pickup."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("stores", "0008_stage_and_settings_levels")]

    operations = [ValidateConstraint(model_name="store", name="store_offers_only_live")]
