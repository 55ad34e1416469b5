"""Deltas of stock: what is unavailable and why, and what left beyond what was counted."""

import django.db.models.deletion
from django.db import migrations, models

STATES = [
    ("damaged", "Damaged"),
    ("quality_check", "Quality Check"),
    ("display", "Display"),
    ("recalled", "Recalled"),
]
KINDS = [
    ("count", "Count"),
    ("adjustment", "Adjustment"),
    ("sale", "Sale"),
    ("return", "Return"),
    ("transfer", "Transfer"),
    ("move", "Move"),
    ("allocation", "Allocation"),
    ("release", "Release"),
    ("hand_off", "Hand Off"),
]


class Migration(migrations.Migration):
    dependencies = [("stores", "0001_initial"), ("inventory", "0002_schedules")]

    operations = [
        migrations.AddField(
            model_name="stocklevel",
            name="deficit",
            field=models.IntegerField(
                db_default=0,
                default=0,
                help_text="units that left beyond what was counted; the next ones to come make up for them",
            ),
        ),
        migrations.AlterField(
            model_name="stocklevel",
            name="unavailable",
            field=models.IntegerField(
                default=0,
                help_text="damaged, quality check, display, recalled; see UnavailableUnits",
            ),
        ),
        migrations.AddField(
            model_name="inventoryevent",
            name="unavailable_change",
            field=models.IntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="inventoryevent",
            name="state",
            field=models.CharField(
                blank=True, choices=STATES, db_default="", default="", max_length=13
            ),
        ),
        migrations.AlterField(
            model_name="inventoryevent",
            name="superseded",
            field=models.BooleanField(
                default=False,
                help_text="older than the count in force, or told by another line already",
            ),
        ),
        migrations.AlterField(
            model_name="inventoryevent",
            name="kind",
            field=models.CharField(choices=KINDS, max_length=12),
        ),
        migrations.CreateModel(
            name="UnavailableUnits",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("state", models.CharField(choices=STATES, max_length=13)),
                ("units", models.IntegerField()),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="inventory.item",
                    ),
                ),
                (
                    "store",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="stores.store",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "unavailable units",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("store", "item", "state"), name="unavailable_once"
                    )
                ],
            },
        ),
    ]
