"""Each quarter of an hour talks that fell silent are closed, and questions whose time is over."""

from datetime import UTC, datetime

from django.db import migrations

SCHEDULES = {
    "close silent talks": {
        "func": "notifications.tasks.close_talks",
        "schedule_type": "I",
        "minutes": 15,
    },
}


def create(apps, schema_editor):
    """Make or restore the schedule; running it again changes nothing."""
    schedule = apps.get_model("django_q", "Schedule")
    for name, values in SCHEDULES.items():
        wanted = values | {"repeats": -1, "next_run": datetime.now(UTC)}
        schedule.objects.update_or_create(name=name, defaults=wanted)


def remove(apps, schema_editor):
    """Take the schedule away."""
    apps.get_model("django_q", "Schedule").objects.filter(name__in=SCHEDULES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0009_heard_texts"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]

    operations = [migrations.RunPython(create, remove)]
