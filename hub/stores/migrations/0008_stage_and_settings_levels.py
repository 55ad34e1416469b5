"""Stores have a stage, groups a rank, and settings are inherited from chain and groups.

The stores that are there are live. None of them has settings of its own yet: what a store's row
says beside its levels is taken for its own when a level is first changed, so nothing is lost.
"""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

STAGES = [("setup", "being set up"), ("shadow", "shadow"), ("live", "live"), ("paused", "paused")]


class Migration(migrations.Migration):
    dependencies = [("stores", "0007_history_begins")]

    operations = [
        migrations.AddField(
            model_name="store",
            name="stage",
            field=models.CharField(
                choices=STAGES, db_default="live", default="live", editable=False, max_length=6
            ),
        ),
        AddConstraintNotValid(
            model_name="store",
            constraint=models.CheckConstraint(
                condition=models.Q(("pickup_enabled", False), ("stage", "live"), _connector="OR"),
                name="store_offers_only_live",
            ),
        ),
        migrations.AddField(
            model_name="storegroup",
            name="rank",
            field=models.PositiveSmallIntegerField(
                db_default=100,
                default=100,
                help_text="the lowest decides where groups disagree",
            ),
        ),
        migrations.CreateModel(
            name="SettingsLevel",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("lead_minutes", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("cut_off", models.TimeField(blank=True, null=True)),
                ("slot_minutes", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("slot_capacity", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("orders_per_hour", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("unlimited", models.JSONField(blank=True, default=list)),
                ("changed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ("changed_by", models.CharField(blank=True, editable=False, max_length=150)),
                ("group", models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="settings_level", to="stores.storegroup")),
                ("store", models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="settings_level", to="stores.store")),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("group__isnull", True), ("store__isnull", True), _connector="OR"),
                        name="settings_of_one_level",
                    ),
                    models.UniqueConstraint(
                        models.Value(1),
                        condition=models.Q(("group__isnull", True), ("store__isnull", True)),
                        name="settings_one_chain",
                    ),
                ],
            },
        ),
    ]
