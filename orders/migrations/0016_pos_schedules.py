"""POS are listened for by the minute, and compared with the hub every night."""

from datetime import UTC, datetime

from django.db import migrations

TASKS = "orders.picking.pos.tasks"
SCHEDULES = {
    "POS that stay silent": {"func": f"{TASKS}.tell_unacknowledged", "schedule_type": "I", "minutes": 1},
    "files that POS left": {"func": f"{TASKS}.take_pos_files", "schedule_type": "I", "minutes": 1},
    "POS answers that wait": {"func": f"{TASKS}.match_waiting", "schedule_type": "I", "minutes": 5},
    "nightly checks of POS": {"func": f"{TASKS}.ask_nightly_checks", "schedule_type": "I", "minutes": 10},
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
        ("orders", "0015_clock_schedule"),
        ("django_q", "0019_alter_task_options_alter_ormq_key_alter_ormq_lock_and_more"),
    ]

    operations = [migrations.RunPython(create, remove)]
