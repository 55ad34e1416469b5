"""Promises that cannot be kept are moved by the minute; switches end, old places are dropped."""

from datetime import UTC, datetime

from django.db import migrations

SCHEDULES = {
    "promises that cannot be kept": {"func": "orders.tasks.slip_promises", "schedule_type": "I", "minutes": 1},
    "switches whose time is over": {"func": "orders.tasks.end_switches", "schedule_type": "I", "minutes": 1},
    "old places in pickup windows": {"func": "orders.tasks.forget_bookings", "schedule_type": "H"},
}


def create(apps, schema_editor):
    """Make or restore the schedules; running it again changes nothing."""
    schedule = apps.get_model("django_q", "Schedule")
    for name, values in SCHEDULES.items():
        wanted = values | {"repeats": -1, "next_run": datetime.now(UTC)}
        schedule.objects.update_or_create(name=name, defaults=wanted)


def remove(apps, schema_editor):
    """Take the schedules away."""
    apps.get_model("django_q", "Schedule").objects.filter(name__in=SCHEDULES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0013_pos_lists_and_checks"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]

    operations = [migrations.RunPython(create, remove)]
