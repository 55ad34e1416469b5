"""Freshness, lead time, size and diets of items; allergens may be unknown."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inventory', '0016_waiting_files_schedule'),
    ]

    operations = [
        migrations.AddField(
            model_name='item',
            name='content',
            field=models.PositiveIntegerField(blank=True, help_text='size of one unit in grams, millilitres or pieces', null=True),
        ),
        migrations.AddField(
            model_name='item',
            name='diets',
            field=models.JSONField(blank=True, help_text='what it suits: vegan, halal, …; null = not known', null=True),
        ),
        migrations.AddField(
            model_name='item',
            name='fresh',
            field=models.BooleanField(db_default=False, default=False, help_text='waits until closing time, is never put back'),
        ),
        migrations.AddField(
            model_name='item',
            name='lead_minutes',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text="to prepare it, when that takes longer than the store's"),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='item',
                    name='allergens',
                    field=models.JSONField(blank=True, help_text='EU list codes; [] = none, null = not known', null=True),
                ),
            ],
            database_operations=[
                # no process of the version before reads the column
                migrations.RunSQL(
                    ["-- squawk-ignore ban-drop-not-null\n"
                     "ALTER TABLE inventory_item ALTER COLUMN allergens DROP NOT NULL"],
                    migrations.RunSQL.noop,
                ),
            ],
        ),
    ]
