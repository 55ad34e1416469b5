"""The days of reports are made up every few minutes, and the last ones again each night."""

from datetime import UTC, datetime, timedelta

from django.db import migrations

SCHEDULES = {
    "days of reports": {
        "func": "orders.tasks.roll_up_days",
        "schedule_type": "I",
        "minutes": 5,
    },
    "last days of reports again": {
        "func": "orders.tasks.make_up_last_days",
        "schedule_type": "D",
    },
}


def create(apps, schema_editor):
    """Make or restore the schedules; running it again changes nothing."""
    schedule = apps.get_model("django_q", "Schedule")
    now = datetime.now(UTC)
    night = now.replace(hour=3, minute=20, second=0, microsecond=0) + timedelta(days=1)
    for name, values in SCHEDULES.items():
        first = night if values["schedule_type"] == "D" else now
        wanted = values | {"repeats": -1, "next_run": first}
        schedule.objects.update_or_create(name=name, defaults=wanted)


def remove(apps, schema_editor):
    """Take the schedules away."""
    apps.get_model("django_q", "Schedule").objects.filter(name__in=SCHEDULES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0030_arrivals_by_store"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]

    operations = [migrations.RunPython(create, remove)]
